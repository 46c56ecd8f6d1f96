"""What a Photoshop document holds beside the picture of its layers, and how its colours are meant."""

import numpy as np
import pytest

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from tests.unit.icc import WIDE, screen
from tests.unit.rare_files import psd_of
from tests.unit.test_formats import ALPHA, COLOUR, IMAGE, saved
from worker.engine.picture.decode import decode, decode_reduced, probe
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.sameness import compare_files

PIXELS = 10**8


def shown(data: bytes) -> np.ndarray:
    inventory = take_inventory(data, probe(data).format)
    return in_srgb(decode_reduced(data, PIXELS), data, inventory.profile)


def test_its_profile_is_that_of_its_picture() -> None:
    profile = screen(next(iter(WIDE)))
    document, picture = psd_of(COLOUR, 3, profile=profile), saved(IMAGE, "PNG", icc_profile=profile)
    np.testing.assert_array_equal(shown(document), shown(picture))
    assert (shown(document) != COLOUR).any()


def test_layers_and_further_channels_are_more_than_its_picture() -> None:
    one = psd_of(np.dstack([COLOUR, ALPHA]), 3, layers=b"layers" * 9)
    assert {name for name, _ in take_inventory(one, "Photoshop").extras} == {"layers", "channels that are no colours"}
    assert not take_inventory(psd_of(COLOUR, 3), "Photoshop").extras


def test_it_is_never_proved_to_be_held_by_another_file() -> None:
    document = psd_of(COLOUR, 3, layers=b"layers" * 9)
    proof = compare_files(saved(IMAGE, "PNG"), document, PIXELS)
    assert proof.against
    assert "layers" in " ".join((*proof.lost, *proof.more))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_what_is_cut_off_is_damaged(packed: bool, bits: int) -> None:
    data = psd_of(COLOUR.astype(np.uint16) * (257 if bits == 16 else 1), 3, bits=bits, packed=packed)
    assert decode(data, PIXELS).shape == COLOUR.shape
    for part in (0.1, 0.5, 0.9):
        with pytest.raises(UnreadableImage) as caught:
            decode(data[: int(len(data) * part)], PIXELS)
        assert caught.value.kind is FailureKind.DAMAGED
