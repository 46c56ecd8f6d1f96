"""What a picture costs by its format, without the network. `python -m benchmarks.formats`.

The same photos, enlarged, with grain, in each format that something installed here can write; of a few megapixels, as
phones make them. Decode: to pixels in full; reduced: as the feature worker does it, at a reduced scale where the format
has one. All but the network: decoding, digest of the pixels, network's input and sketch. Processor time on one core.
"""

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Final

import cv2
import imagecodecs
import numpy as np
import pillow_heif
import typer
from PIL import Image
from tabulate import tabulate

from benchmarks.decode import GRAIN, LIMIT, milliseconds, square
from benchmarks.extract import processor
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from worker.engine.picture.decode import decode, decode_reduced

SIZE: Final = (4032, 3024)
QUICK_SIZE: Final = (640, 480)
GPU: Final = 1000  # images a second that one GPU may describe: an assumption, to say what would feed it
LIMITS = (
    "Cameras' own files: their encoders choose other tiles. Camera raw files are read by the JPEG in them, and cost "
    "what that costs. The rate of the GPU is an assumption; benchmarks.gpu measures it where there is one."
)


def _saved(format_name: str, **options: Any) -> Callable[[Image.Image], bytes]:
    def save(photo: Image.Image) -> bytes:
        out = BytesIO()
        photo.save(out, format_name, **options)
        return out.getvalue()

    return save


def _heic(photo: Image.Image) -> bytes:
    out = BytesIO()
    pillow_heif.from_pillow(photo).save(out, quality=90)
    return out.getvalue()


def _jpeg_xl(photo: Image.Image) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.asarray(photo), level=90, effort=3))


FORMATS: Final[dict[str, Callable[[Image.Image], bytes]]] = {
    "JPEG": _saved("JPEG", quality=90),
    "JPEG, progressive": _saved("JPEG", quality=90, progressive=True),
    "HEIC": _heic,
    "JPEG XL": _jpeg_xl,
    "AVIF": _saved("AVIF", quality=80, speed=8),
    "WebP": _saved("WEBP", quality=90, method=2),
    "WebP, lossless": _saved("WEBP", lossless=True, method=0),
    "PNG": _saved("PNG", compress_level=3),
    "TIFF, LZW": _saved("TIFF", compression="tiff_lzw"),
    "JPEG 2000": _saved("JPEG2000", quality_mode="rates", quality_layers=[10]),
    "GIF": _saved("GIF"),
    "BMP": _saved("BMP"),
}


def enlarged(path: Path, size: tuple[int, int], chance: np.random.Generator) -> Image.Image:
    """A photo of that size with grain."""
    photo = cv2.resize(decode(path.read_bytes(), LIMIT), size, interpolation=cv2.INTER_CUBIC)
    grain = chance.normal(0, GRAIN, photo.shape[:2])[..., None]
    return Image.fromarray(np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8))


def main(count: Annotated[int, typer.Option(help="photos of each format")] = 3, quick: Quick = False) -> None:
    """Measure and print a Markdown table."""
    cv2.setNumThreads(1)
    count, size = (1, QUICK_SIZE) if quick else (count, SIZE)
    chance = np.random.default_rng(0)
    megapixels = size[0] * size[1] / 1e6
    rows = []
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        photos = [enlarged(path, size, chance) for path in make_pictures(Path(scratch), count)]
    for name, save in FORMATS.items():
        files = [save(photo) for photo in photos]
        full, reduced, everything = (milliseconds(work, files) for work in (decode, decode_reduced, square))
        weight = sum(map(len, files)) / len(files) / 1e6
        rows.append([name, weight, full / megapixels, reduced / megapixels, everything, everything * GPU / 1000])
    heads = ["format", "MB", "decode, ms/MP", "reduced, ms/MP", "all but the network, ms", f"cores for {GPU} images/s"]
    print(f"Machine: {processor()}; {count} photos of {size[0]} x {size[1]}; processor time on one core\n")
    print(tabulate(rows, heads, tablefmt="github", floatfmt=("", ".1f", ".1f", ".1f", ".0f", ".0f")))


if __name__ == "__main__":
    typer.run(main)
