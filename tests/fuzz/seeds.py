"""Real files of every format and coding that is read, small, as encoders write them."""

import io
from typing import Any

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageCms
from sklearn.datasets import load_sample_image

from tests.raw_files import dng
from tests.unit.jxl_files import DEPTH, LINEAR, P3, PQ, WIDE, from_jpeg, jxl
from tests.unit.rare_files import bmp_of, lossless_jpeg_of, psd_of, with_channels
from tests.unit.tiff_files import DEFLATE, FRACTION, LZW, PACKBITS, Layout, tiff_of

PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[120:216, 200:328])  # 128 x 96
BGR = PHOTO[..., ::-1]
IMAGE = Image.fromarray(PHOTO)
ALPHA = np.dstack([PHOTO, np.add.outer(np.arange(96), np.arange(128)).astype(np.uint8)])
SEE_THROUGH = Image.fromarray(ALPHA)
FRAMES = [IMAGE.rotate(90 * turn).quantize(32) for turn in range(4)]


def _pillow(name: str, image: Image.Image = IMAGE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def _opencv(suffix: str, pixels: Any, *options: int) -> bytes:
    return cv2.imencode(suffix, pixels, options)[1].tobytes()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8298] = 6, "maker" * 20, "© somebody"
    exif.get_ifd(0x8769)[0x9286] = "a comment " * 30
    return exif.tobytes()


def make_seeds() -> dict[str, bytes]:
    """Files by what they are; the same on every call."""
    words = {"exif": _exif(), "icc_profile": b"profile " * 60}
    return {
        **_jpeg(words),
        **_png(words),
        **_animations(words),
        **_tiff(),
        **_rare(),
        "avif": _pillow("AVIF", **words),
        "avif alpha": _pillow("AVIF", SEE_THROUGH),
        **_heic(),
        **_jpeg_xl(),
        **_raw(),
        "jpeg 2000": _pillow("JPEG2000"),
        "jpeg 2000 stream": _pillow("JPEG2000", no_jp2=True),
        "jpeg 2000 tiles": _pillow("JPEG2000", tile_size=(32, 32), quality_mode="rates", quality_layers=[20, 5]),
        "bmp": _pillow("BMP"),
        "bmp palette": _pillow("BMP", IMAGE.quantize(16)),
        "ico": _pillow("ICO", SEE_THROUGH, sizes=[(16, 16), (64, 48)]),
        "ico bmp": _pillow("ICO", SEE_THROUGH, sizes=[(16, 16), (32, 32)], bitmap_format="bmp"),
        "tga": _pillow("TGA"),
        "tga packed": _pillow("TGA", compression="tga_rle"),
        "ppm": _pillow("PPM"),
        "pgm": _pillow("PPM", IMAGE.convert("L")),
        "pbm": _pillow("PPM", IMAGE.convert("1")),
        "pam": _opencv(".pam", BGR),
        "pfm": _opencv(".pfm", BGR.astype(np.float32) / 255),
        "radiance": _opencv(".hdr", BGR.astype(np.float32) / 255),
        "sun": _opencv(".ras", BGR),
    }


def _jpeg(words: dict[str, bytes]) -> dict[str, bytes]:
    return {
        "jpeg": _pillow("JPEG", quality=60, **words),
        "jpeg progressive": _pillow("JPEG", quality=60, progressive=True, comment=b"words " * 20),
        "jpeg cmyk": _pillow("JPEG", IMAGE.convert("CMYK"), quality=60),
        "jpeg grey": _pillow("JPEG", IMAGE.convert("L"), quality=60),
        "jpeg restarts": _opencv(".jpg", BGR, cv2.IMWRITE_JPEG_RST_INTERVAL, 2, cv2.IMWRITE_JPEG_QUALITY, 60),
        # Large enough to be decoded at a half, small enough to be quick.
        "jpeg large": _opencv(".jpg", cv2.resize(BGR, (2048, 512)), cv2.IMWRITE_JPEG_QUALITY, 20),
    }


def _png(words: dict[str, bytes]) -> dict[str, bytes]:
    return {
        "png": _pillow("PNG", **words),
        "png alpha": _pillow("PNG", SEE_THROUGH),
        "png palette": _pillow("PNG", IMAGE.quantize(32), transparency=3),
        "png bilevel": _pillow("PNG", IMAGE.convert("1")),
        "png grey transparent": _pillow("PNG", IMAGE.convert("L"), transparency=200),
        "png 16 bit": _opencv(".png", BGR.astype(np.uint16) * 257),
    }


def _animations(words: dict[str, bytes]) -> dict[str, bytes]:
    rest = {"save_all": True, "append_images": FRAMES[1:]}
    return {
        "gif": _pillow("GIF", FRAMES[0]),
        "gif animated": _pillow("GIF", FRAMES[0], **rest, loop=0, disposal=2, transparency=0),
        "png animated": _pillow("PNG", FRAMES[0].convert("RGB"), save_all=True, append_images=[IMAGE]),
        "webp": _pillow("WEBP", quality=60, **words),
        "webp lossless": _pillow("WEBP", lossless=True),
        "webp alpha": _pillow("WEBP", SEE_THROUGH),
        "webp animated": _pillow("WEBP", FRAMES[0].convert("RGB"), save_all=True, append_images=[IMAGE]),
        "tiff pages": _pillow("TIFF", FRAMES[0], **rest),
    }


def _tiff() -> dict[str, bytes]:
    codings = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    return {
        **{f"tiff {coding}": _pillow("TIFF", compression=coding) for coding in codings},
        "tiff": _pillow("TIFF"),
        "tiff big": _pillow("TIFF", big_tiff=True),
        "tiff group 4": _pillow("TIFF", IMAGE.convert("1"), compression="group4"),
        "tiff palette": _pillow("TIFF", IMAGE.quantize(16)),
        "tiff cmyk": _pillow("TIFF", IMAGE.convert("CMYK")),
        "tiff lab": _pillow("TIFF", IMAGE.convert("LAB")),
        "tiff 16 bit": _opencv(".tiff", BGR.astype(np.uint16) * 257),
        "tiff double": _opencv(".tiff", BGR[:32].astype(np.float64) / 255),
    }


def _heic() -> dict[str, bytes]:
    def saved(file: pillow_heif.HeifFile, **options: Any) -> bytes:
        out = io.BytesIO()
        file.save(out, quality=60, **options)
        return out.getvalue()

    deep = (PHOTO.astype("<u2") * 257).tobytes()
    pictures = pillow_heif.from_pillow(IMAGE)
    pictures.add_from_pillow(SEE_THROUGH)
    pictures[0].info["thumbnails"] = [64]
    return {
        "heic": saved(pillow_heif.from_pillow(IMAGE), exif=_exif()),
        "heic alpha": saved(pillow_heif.from_pillow(SEE_THROUGH)),
        "heic 10 bit": saved(pillow_heif.from_bytes("RGB;16", IMAGE.size, deep)),
        "heic grey": saved(pillow_heif.from_pillow(IMAGE.convert("L"))),
        "heic tiles": saved(pillow_heif.from_pillow(IMAGE), tile_size=64),
        "heic several": saved(pictures),
    }


def _jpeg_xl() -> dict[str, bytes]:
    deep, small = PHOTO.astype(np.uint16) * 257, PHOTO[:40, :60]
    light = (small / 255).astype(np.float32)
    profile = {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    return {
        "jxl": jxl(PHOTO, lossless=False, boxed=True),
        "jxl lossless": jxl(PHOTO, orientation=6),
        "jxl 12 bit": jxl(deep >> 4, bits=12, primaries=P3),
        "jxl fractions": jxl(light, lossless=False, primaries=WIDE, curve=PQ, nits=10_000.0),
        "jxl alpha": jxl(np.asarray(SEE_THROUGH), further=[DEPTH]),
        "jxl grey": jxl(small[..., 0], curve=LINEAR, further=[DEPTH]),
        "jxl layers": jxl(small, layers=[(small[:8, :9], 4, 5)]),
        "jxl frames": jxl(small, layers=[(small[::-1], 0, 0)], durations=(1, 2), lossless=False),
        "jxl of a jpeg": from_jpeg(_pillow("JPEG", exif=_exif(), **profile)),
    }


def _rare() -> dict[str, bytes]:
    """What is arranged by modules of ours."""
    deep, small = PHOTO.astype(np.uint16) * 257, PHOTO[:40, :60]
    half = np.dstack([deep, deep[..., 0]])
    fields = small[..., 0].astype(np.uint32) << 8 | 200
    return {
        "tiff planes": tiff_of(deep, Layout(16, 2, ">", planes=True, coding=DEFLATE, predictor=2)),
        "tiff tiles": tiff_of(deep, Layout(16, 2, planes=True, coding=LZW, side=32)),
        "tiff 12 bit": tiff_of(deep[..., 0] >> 4, Layout(12, 1, coding=PACKBITS)),
        "tiff premultiplied": tiff_of(half, Layout(16, 2, extra=(1,), big=True, order=">")),
        "tiff half": tiff_of(PHOTO / 255, Layout(16, 2, kind=FRACTION, coding=DEFLATE, predictor=3)),
        "tiff lab 16": tiff_of(deep, Layout(16, 8)),
        "bmp fields": bmp_of(fields, 32, (0xFF00, 0xFF000000, 0xFF, 0xFF0000)),
        "photoshop": psd_of(small, 3),
        "photoshop packed": psd_of(small.astype(np.uint16) * 257, 3, bits=16, packed=True, large=True),
        "jpeg lossless": lossless_jpeg_of(small),
        "jpeg 2000 channels": with_channels(_pillow("JPEG2000"), [(0, 0, 3), (1, 0, 2), (2, 0, 1)]),
        "jpeg 2000 16 bit": _opencv(".jp2", deep[..., ::-1]),
    }


def _raw() -> dict[str, bytes]:
    coded, small = _pillow("JPEG", quality=60), _pillow("JPEG", IMAGE.resize((32, 24)), quality=60)
    return {
        "raw": dng([(coded, IMAGE.size)], orientation=6),
        "raw previews": dng([(small, (32, 24)), (coded, IMAGE.size)]),
    }
