"""Whatever is done to duplicates, and wherever it is cut off, no picture is lost and everything comes back."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.acting.scenario import IN_MEMORY, Scenario


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_no_picture_is_ever_lost_and_a_full_restore_is_exact(seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
        Scenario(Path(base), random.Random(seed)).run()
