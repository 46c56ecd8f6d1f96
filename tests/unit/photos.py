"""Photographs that tests of comparing take: uint8 `[height, width, 3]`, RGB. Not to be written to."""

from typing import Final

import skimage.data
from sklearn.datasets import load_sample_image

from worker.engine.picture.channels import Picture

PHOTOS: Final[dict[str, Picture]] = {
    "china": load_sample_image("china.jpg"),
    "flower": load_sample_image("flower.jpg"),
    "astronaut": skimage.data.astronaut(),
    "chelsea": skimage.data.chelsea(),
    "coffee": skimage.data.coffee(),
}
