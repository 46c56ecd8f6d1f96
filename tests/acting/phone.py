"""A watched folder as a phone and a camera fill it, and a copy of it, of which every picture is a duplicate."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.acting.duplicates import ReportedDuplicate
from shared.records import Kind
from tests.acting.world import PROTECTED, digest_of

PHONE, COPY = "DCIM/100APPLE", "old phone/copy"
LIVE, RAW, MOTION = 20, 10, 10
# Pictures, and what may lie beside them.
KINDS = (
    ("IMG_0{}.HEIC", ("IMG_0{}.MOV", "IMG_0{}.AAE", "IMG_0{}.xmp", "IMG_0{}.HEIC.json", "IMG_0{}_HEVC.MOV")),
    ("IMG_100{}.HEIC", ("IMG_100{}.MOV", "IMG_E100{}.HEIC", "IMG_E100{}.MOV", "IMG_O100{}.AAE", "IMG_100{}.AAE")),
    ("DSC_{}.JPG", ("DSC_{}.NEF", "DSC_{}.xmp", "DSC_{}.NEF.xmp", "DSC_{}.WAV", "DSC_{}.JPG.dop")),
    ("PXL_{}.MP.jpg", ("PXL_{}.MP", "PXL_{}.MP.jpg.supplemental-meta.json", "PXL_{}.RAW-02.ORIGINAL.dng")),
    ("Foto {}.jpg", ("Foto {}-edited.jpg", "Foto {}.jpg.json", "Foto {}~2.jpg", "Foto {}.thm")),
)


@dataclass
class Phone:
    """units: names that belong together, by their picture. shared: names that two pictures have, by those.

    content: the bytes of a name; by default any.
    """

    root: Path
    chance: random.Random
    content: Callable[[str], bytes] | None = None
    units: dict[str, list[str]] = field(default_factory=dict)
    shared: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fill(self) -> None:
        """Twenty Live Photos, ten raws with their JPEGs, ten motion photos, sidecars, videos and previews."""
        for number in range(1, LIVE + 1):
            names = [f"IMG_{number:04}.MOV", *([f"IMG_{number:04}.AAE"] if number % 3 == 0 else [])]
            if number % 5 == 0:
                names += [f"IMG_E{number:04}.HEIC", f"IMG_E{number:04}.MOV", f"IMG_O{number:04}.AAE"]
            self.units[f"IMG_{number:04}.HEIC"] = names
        for number in range(LIVE + 1, LIVE + RAW + 1):
            names = [f"DSC_{number:04}.NEF", *([f"DSC_{number:04}.xmp"] if number % 2 else [])]
            self.units[f"DSC_{number:04}.JPG"] = names + [f"DSC_{number:04}.NEF.xmp"] * (number % 3 == 0)
        for number in range(MOTION):
            said = [f"PXL_{number:04}.MP.jpg.supplemental-meta.json"] if number % 2 else []
            self.units[f"PXL_{number:04}.MP.jpg"] = said
        self.units["Foto(1).jpg"] = ["Foto.jpg(1).json", "Foto-bearbeitet(1).jpg"]
        self.shared["IMG_0900.MOV"] = ("IMG_0900.HEIC", "IMG_0900.JPG")
        self.units |= {name: [] for name in self.shared["IMG_0900.MOV"]}
        self._put_all(["VID_0001.MP4", "VID_0001.THM", "notes.txt", "metadata.json"])
        self._put(f"{PROTECTED}/any.png", b"any", 10**18)
        for number in range(5):
            self._put(f"{COPY}/Catalog Previews.lrdata/{number}.lrprev", self.chance.randbytes(50), 10**18)
            self._put(f"{COPY}/Catalog Previews.lrdata/root-pixels.db", self.chance.randbytes(50), 10**18)

    def fill_at_random(self, pictures: int) -> None:
        """So many pictures, each with some of what may lie beside such a one; some share what lies there."""
        for number in range(pictures):
            name, beside = self.chance.choice(KINDS)
            picture, names = name.format(number), [one.format(number) for one in beside]
            chosen = self.chance.sample(names, self.chance.randint(0, len(names)))
            self.units[picture] = chosen
            if (
                picture.endswith(".HEIC") and self.chance.random() < 0.3
            ):  # its JPEG beside it: both have what has their stem
                other, own = picture.replace(".HEIC", ".JPG"), [one for one in chosen if one.startswith(picture)]
                self.shared |= {one: (picture, other) for one in chosen if one.startswith("IMG_0") and one not in own}
                self.units |= {picture: own, other: []}
        self._put_all(["notes.txt"])
        self._put(f"{PROTECTED}/any.png", b"any", 10**18)

    def _put_all(self, others: list[str]) -> None:
        """The files of all units in either folder, and others."""
        names = [*self.units, *(name for names in self.units.values() for name in names), *self.shared, *others]
        for name in names:
            data = self.content(name) if self.content else self.chance.randbytes(self.chance.randint(1, 200))
            mtime = 10**18 + self.chance.randrange(10**12)
            for folder in (PHONE, COPY):
                self._put(f"{folder}/{name}", data, mtime)

    def _put(self, path: str, data: bytes, mtime: int) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(self.chance.choice((0o644, 0o600, 0o444)))
        os.utime(file, ns=(10**18, mtime))

    def spoil(self, name: str, folder: str) -> None:
        """Let a file be another one than its like in the other folder."""
        path = self.root / folder / name
        times = path.stat().st_mtime_ns
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"edited")
        os.utime(path, ns=(times, times))

    def duplicates(self) -> list[ReportedDuplicate]:
        """What a report says: every picture of the copy goes for the one in the phone's own folder."""
        edited = [name for names in self.units.values() for name in names if name.endswith((".HEIC", ".jpg"))]
        found = []
        for number, name in enumerate(sorted([*self.units, *edited]), start=1):
            held = [(self.root / folder / name).read_bytes() for folder in (COPY, PHONE)]
            if held[0] == held[1]:
                digest = digest_of(held[0])
                found.append(
                    ReportedDuplicate(
                        number, f"{COPY}/{name}", digest, len(held[0]), Kind.EXACT, 1.0, f"{PHONE}/{name}", digest
                    )
                )
        self.chance.shuffle(found)
        return found

    def torn(self) -> list[str]:
        """Pictures of the copy that are parted from anything that belongs to them."""
        there = {path.name for path in (self.root / COPY).iterdir()} if (self.root / COPY).exists() else set()
        units = {picture: {picture, *names} for picture, names in self.units.items()}
        found = [picture for picture, unit in units.items() if unit & there and unit - there]
        return found + [name for name, owners in self.shared.items() if (name in there) != bool(there & {*owners})]

    def gone(self) -> set[str]:
        """Pictures that are not in the copy."""
        return {picture for picture in self.units if not (self.root / COPY / picture).exists()}
