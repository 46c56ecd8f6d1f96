"""Weights that were chosen for a collection, and what counts before them."""

import os
from pathlib import Path

import pytest

from shared.chosen_weights import remember_weights, remembered_weights
from shared.cli.collection_settings import take_weights
from shared.cli.weights import choose_weights
from shared.errors import SettingsError
from shared.records import Extractor
from shared.settings import load_settings


def test_what_was_chosen_lasts_and_a_setting_counts_before_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    settings = load_settings(state_dir=state)
    assert remembered_weights(state) == ""
    assert choose_weights(settings, "auto").weights == "auto"
    assert not state.exists()  # to look makes nothing
    for weights in ("/somewhere/vgg16.h5", os.fsdecode(b"/some\nwhere/\xff.h5"), "auto"):
        remember_weights(state, weights)
        assert choose_weights(settings, "imagenet").weights == weights
    assert choose_weights(load_settings(state_dir=state, weights="random"), "auto").weights == "random"
    open_to_all = load_settings(state_dir=state, weights="auto")
    assert choose_weights(open_to_all, "imagenet").weights == "auto"
    remember_weights(state, "/mine.h5")
    assert choose_weights(open_to_all, "imagenet").weights == "/mine.h5"


def test_a_collection_that_a_file_described_is_looked_at_with_the_file_that_was_chosen(tmp_path: Path) -> None:
    settings = load_settings(state_dir=tmp_path)
    of_file = Extractor("e", "file", "VGG16 fc2, weights of mine.h5")
    with pytest.raises(SettingsError, match="name that file to `imagesieve weights`"):
        take_weights(settings, of_file)
    remember_weights(tmp_path, "/mine.h5")
    assert take_weights(settings, of_file).weights == "/mine.h5"
    # Chosen, and not yet in use: the collection is still of the others.
    assert take_weights(settings, Extractor("e", "random", "VGG16 fc2, random")).weights == "random"
    assert take_weights(settings, None).weights == "/mine.h5"


def test_a_folder_of_a_user_does_not_become_a_state_folder(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(SettingsError, match="was not made by imagesieve"):
        remember_weights(tmp_path, "random")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
