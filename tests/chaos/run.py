"""A whole chaos run: the stream, the attack, the wait, the look, and the undisturbed run beside it."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import Unavailable
from shared.settings import Settings, load_settings
from tests.chaos.attack import Attack, Strike
from tests.chaos.check import Report, differences, read_report, temporary, unfinished
from tests.chaos.pictures import Pictures
from tests.chaos.plan import Action, Delete, Plan, Rename
from tests.chaos.stack import Stack, StackEnded, digest_files, locks_left, opened_store, parts_left

LOOK_SECONDS: Final = 0.2
START_SECONDS: Final = 180.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a run. seconds: from the last step on until all was consistent. lost: what was not as it should.

    litter: what killed processes left in TMPDIR.
    """

    plan: Plan
    strikes: list[Strike]
    seconds: float
    report: Report
    lost: list[str]
    litter: list[str]


def run_chaos(base: Path, plan: Plan, within: float, say: Say, **settings: object) -> Outcome:
    """Carry out `plan` in the empty folder `base`, whose path is short. Raises StackEnded, NotBack.

    within: seconds after the last step in which all must be consistent.
    """
    folder = base / "watched"
    folder.mkdir()
    pictures = Pictures(base / "pictures", plan.pictures)
    stack = Stack(make_settings(folder, base / "state", **settings))
    try:
        attack = carry_out(plan, stack, lambda action: act(action, folder, pictures), say)
        files = digest_files(folder)
        lost = [] if files.keys() == plan.files.keys() else ["the folder does not hold what was put there"]
        seconds, left = wait_until_consistent(stack, attack, files, within, say)
        lost += left
        status = stack.stop()
        lost += [f"imagesieve up ended with status {status}"] * bool(status)
        lost += [f"a process was left: {words}" for words in stack.processes()]
    finally:
        stack.kill()
    lost += look_after(stack.settings)
    say("the undisturbed run")
    wanted = run_undisturbed(make_settings(folder, base / "undisturbed", **{**settings, "proposers": 0}))
    report = read_report(stack.settings.reports_dir / "latest")
    litter = sorted(path.name for path in stack.temporary.iterdir())
    return Outcome(plan, attack.strikes, seconds, report, lost + differences(report, wanted), litter)


def make_settings(folder: Path, state: Path, **settings: object) -> Settings:
    """Defaults, as far as the run would not take hours with them."""
    fixed = {"broker_url": "", "store_url": "", "weights": "random", "flower_port": 0, "proposers": 1}
    return load_settings(watch_dir=folder, state_dir=state, **{**fixed, **settings})


def carry_out(plan: Plan, stack: Stack, do: Callable[[Action], None], say: Say) -> Attack:
    """All steps and all faults."""
    attack, steps = Attack(plan, stack), deque(plan.steps)
    begun = time.monotonic()
    while not attack.is_well():
        if time.monotonic() - begun > START_SECONDS:
            raise TimeoutError(f"the stack was not complete after {START_SECONDS:.0f} s")
        attack.look(strike=False)
        time.sleep(LOOK_SECONDS)
    say(f"complete after {time.monotonic() - begun:.0f} s")
    started = printed = time.monotonic()
    while steps or not attack.is_over():
        now = time.monotonic()
        while steps and steps[0].at <= now - started:
            do(steps.popleft().action)
        attack.look()
        if now - printed >= 30:
            printed = now
            say(f"{now - started:.0f} s: {len(attack.strikes)} faults, {len(steps)} steps left")
        time.sleep(LOOK_SECONDS)
    return attack


def act(action: Action, folder: Path, pictures: Pictures) -> None:
    """Do to the folder what a person or a program would."""
    if isinstance(action, Delete):
        (folder / action.path).unlink()
    elif isinstance(action, Rename):
        (folder / action.target).parent.mkdir(parents=True, exist_ok=True)
        (folder / action.source).rename(folder / action.target)
    else:
        target = folder / action.path
        target.parent.mkdir(parents=True, exist_ok=True)
        place = target.with_name(target.name + ".part") if action.moved else target
        place.write_bytes(pictures.read(action.content))
        place.rename(target)


def wait_until_consistent(
    stack: Stack, attack: Attack, files: dict[str, str], within: float, say: Say
) -> tuple[float, list[str]]:
    """Seconds until then, and what was not consistent `within` so many."""
    started = printed = time.monotonic()
    while True:
        attack.look(strike=False)
        try:
            left = unfinished(stack.look(files))
        except Unavailable as error:
            left = [str(error)]
        now = time.monotonic()
        if (not left and attack.is_well()) or now - started > within:
            return now - started, left
        if now - printed >= 10:
            printed = now
            say(f"{now - started:.0f} s after the last step: {'; '.join(left) or 'not all programs are back'}")
        time.sleep(1)


def look_after(settings: Settings) -> list[str]:
    """What a stopped stack should not have left."""
    with opened_store(settings):
        keys = [*locks_left(settings), *parts_left(settings)]
    state = settings.state_dir
    files = temporary(str(path.relative_to(state)) for path in state.rglob("*"))
    return [*(f"a key was left: {key}" for key in keys), *(f"a temporary file was left: {file}" for file in files)]


def run_undisturbed(settings: Settings) -> Report:
    """What `imagesieve up --once` makes of the same folder. Raises StackEnded."""
    words = [sys.executable, "-m", "shared.cli", "up", str(settings.watch_dir), "--once"]
    environment = {**os.environ, **settings.environment()}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise StackEnded(f"imagesieve up --once ended with status {ended.returncode}:\n{ended.stderr[-3000:]}")
    return read_report(settings.reports_dir / "latest")
