"""What becomes of frames that overlap: a slow pan, and burst shots of one scene. `python -m benchmarks.scenes FOLDER`.

From the largest photos of the folder it makes, of each, thirty frames of a camera that turns slowly and twelve shots
from the hand, runs the whole system on them and prints which frames were put together. A chain would show as one group
whose first and last frame share nothing.
"""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from tabulate import tabulate

from benchmarks.pictures import photos_in
from benchmarks.pipeline import run_through
from benchmarks.quick import Quick
from worker.engine.edits.attacks import encoded
from worker.engine.picture.decode import decode

Picture = NDArray[np.uint8]

PAN_FRAMES = 30
PAN_SHARE = 0.5  # of the photo's width that a frame shows
BURST_SHOTS = 12
MAX_PIXELS = 100_000_000


def pan(photo: Picture) -> Iterator[Picture]:
    """Frames half as wide as the photo, from its left to its right: each shows 97 % of the one before."""
    width = round(photo.shape[1] * PAN_SHARE)
    for left in np.linspace(0, photo.shape[1] - width, PAN_FRAMES).round().astype(int):
        yield photo[:, left : left + width]


def burst(photo: Picture, random: np.random.Generator) -> Iterator[Picture]:
    """Shots from the hand: moved by up to 2 %, turned by up to 0.5 degrees, other exposure and noise.

    A subject walks through from left to right, a tenth of the picture's width and a quarter of its height.
    """
    height, width = photo.shape[:2]
    subject = photo[: height // 4, : width // 10][::-1, ::-1].copy()
    for shot in range(BURST_SHOTS):
        frame = photo.copy()
        left = round((0.1 + 0.7 * shot / BURST_SHOTS) * width)
        frame[height // 2 : height // 2 + subject.shape[0], left : left + subject.shape[1]] = subject
        move = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-0.5, 0.5), 1.0)
        move[:, 2] += random.uniform(-0.02, 0.02, 2) * (width, height)
        moved = cv2.warpAffine(frame, move, (width, height), flags=cv2.INTER_LINEAR)
        edge_y, edge_x = round(height * 0.04), round(width * 0.04)
        seen = moved[edge_y : height - edge_y, edge_x : width - edge_x].astype(np.float32)
        lit = seen * random.uniform(0.95, 1.05) + random.normal(0, 4, seen.shape)
        yield np.clip(np.rint(lit), 0, 255).astype(np.uint8)


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos.")],
    count: Annotated[int, typer.Option(help="How many of them, the largest files.")] = 4,
    quick: Quick = False,
) -> None:
    """Print the groups that frames of pans and bursts end in."""
    count, most = (1, 3) if quick else (count, None)  # frames of a scene
    chosen = sorted(photos_in(photos), key=lambda path: -path.stat().st_size)[:count]
    rows = []
    with tempfile.TemporaryDirectory(prefix="scenes") as scratch:
        base = Path(scratch)
        for number, path in enumerate(chosen):
            photo = decode(path.read_bytes(), MAX_PIXELS)
            scenes = {"pan": pan(photo), "burst": burst(photo, np.random.default_rng(number))}
            for scene, shots in scenes.items():
                folder = base / "set" / f"{path.stem} {scene}"
                folder.mkdir(parents=True)
                for place, frame in enumerate(islice(shots, most)):
                    (folder / f"{place:02}.jpg").write_bytes(encoded(np.ascontiguousarray(frame), ".jpg", 92))
        outcome = run_through(base / "set", base / "state", stub=quick)
        for folder in sorted((base / "set").iterdir()):
            groups = [group for group in outcome.answers.groups if group[0].startswith(folder.name + "/")]
            frames = len(list(folder.iterdir()))
            rows.append([folder.name, frames, frames - sum(len(group) - 1 for group in groups), _spans(groups)])
        mixed = [group for group in outcome.answers.groups if len({path.split("/")[0] for path in group}) > 1]
    head = ["frames of", "frames", "kept", "groups: keeper <- duplicates"]
    typer.echo(tabulate(rows, head, tablefmt="github", maxcolwidths=[None, None, None, 100]))
    typer.echo(f"\ngroups with frames of two scenes: {len(mixed)}")


def _spans(groups: Sequence[Sequence[str]]) -> str:
    """Groups as frame numbers, such as `04 <- 02 03 05`."""
    stems = [[Path(path).stem for path in group] for group in groups]
    return "; ".join(f"{keeper} <- {' '.join(sorted(rest))}" for keeper, *rest in sorted(stems))


if __name__ == "__main__":
    typer.run(main)
