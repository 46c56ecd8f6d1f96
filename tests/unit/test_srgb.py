"""What a file's profile says is brought to sRGB before the picture is described and compared."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms
from sklearn.datasets import load_sample_image

from shared.records import Relation
from tests.unit.icc import WIDE, printer, screen
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.inventory import take_inventory
from worker.engine.sketch.impression import Impression, take_impression

MOST = 10**8
PHOTO = Image.fromarray(load_sample_image("flower.jpg"))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def stored_in(profile: bytes) -> Image.Image:
    """The photo in the colours of a screen, as far as both have them."""
    wide = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    found = ImageCms.profileToProfile(PHOTO, SRGB, wide, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB")
    assert found is not None
    return found


def written(image: Image.Image, suffix: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, suffix, **how)
    return out.getvalue()


def shown(data: bytes) -> np.ndarray:
    decoded = decode_reduced(data, MOST)
    return in_srgb(decoded, data, take_inventory(data, decoded.header.format).profile)


def off(one: np.ndarray, other: Image.Image | np.ndarray) -> float:
    return float(np.abs(one.astype(int) - np.asarray(other)).mean())


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize(
    ("suffix", "how"),
    [("PNG", {}), ("TIFF", {}), ("WebP", {"lossless": True}), ("JPEG", {"quality": 98, "subsampling": 0})],
)
def test_a_photo_in_a_wide_gamut_is_seen_as_its_copy_in_srgb(name: str, suffix: str, how: dict[str, object]) -> None:
    data = written(stored_in(screen(name)), suffix, icc_profile=screen(name), **how)
    assert off(shown(data), PHOTO) < 1.5
    assert off(decode_reduced(data, MOST).picture, PHOTO) > 5  # as it is stored


def related(one: Impression, other: Impression) -> Relation | None:
    proposal = propose(one.sketch, other.sketch, Thresholds())
    assert proposal is not None
    found = confirm((one.picture, other.picture), (one.sketch, other.sketch), proposal, Thresholds())
    return found.relation if found else None


def test_it_is_near_to_that_copy_and_the_same_values_under_two_profiles_are_not_identical() -> None:
    image = stored_in(screen("Display P3"))
    wide = take_impression(written(image, "PNG", icc_profile=screen("Display P3")), MOST)
    other = take_impression(written(image, "PNG", icc_profile=screen("Adobe RGB")), MOST)
    copy = take_impression(written(PHOTO, "JPEG", quality=92), MOST)
    assert related(wide, copy) is Relation.NEAR
    assert len({one.facts.pixels for one in (wide, other, copy)}) == 3
    assert (
        wide.facts.pixels
        == take_impression(written(image, "TIFF", icc_profile=screen("Display P3")), MOST).facts.pixels
    )


def test_profiles_of_srgb_and_of_grey_and_broken_ones_change_nothing() -> None:
    for profile in (SRGB.tobytes(), b"", b"no profile", screen("Adobe RGB")[:200], bytes(5 << 20), printer()):
        data = written(PHOTO, "PNG")
        decoded = decode_reduced(data, MOST)
        assert in_srgb(decoded, data, profile) is decoded.picture


@pytest.mark.parametrize("size", [(640, 427), (2600, 1735)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_inks_are_those_that_the_profile_means(size: tuple[int, int], orientation: int) -> None:
    inks = PHOTO.resize(size).convert("CMYK")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = written(inks, "JPEG", quality=95, icc_profile=printer(), exif=exif)
    wanted = ImageCms.profileToProfile(
        inks, ImageCms.ImageCmsProfile(io.BytesIO(printer())), SRGB, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB"
    )
    assert wanted is not None
    found = shown(data)
    wanted = wanted.rotate(-90, expand=True) if orientation == 6 else wanted
    assert off(found, wanted.resize(found.shape[1::-1], Image.Resampling.BOX)) < 3
    assert off(decode_reduced(data, MOST).picture, np.asarray(wanted.resize(found.shape[1::-1]))) > 20


def test_several_threads_may_use_one_profile() -> None:
    data = [written(stored_in(screen(name)), "PNG", icc_profile=screen(name)) for name in WIDE] * 8
    with ThreadPoolExecutor(4) as threads:
        assert all(off(found, PHOTO) < 1.5 for found in threads.map(shown, data))
