"""Settings of the picture libraries, made before these are imported or first used."""

import os
import warnings


def prepare_libraries(max_pixels: int) -> None:
    """Hand OpenCV the limit, and have the libraries say nothing that our own sentences say better.

    max_pixels: of one picture, the limit behind the one that `decode` keeps. OpenCV reads it once, when it is imported.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what a damaged file says of itself, the refusal says better
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # what TensorFlow tells of its build helps nobody here
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(max_pixels))
