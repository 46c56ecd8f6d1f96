"""Names that cameras, phones and programs give to the files of one picture, taken apart. Pure: names only."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from worker.engine.companions.suffixes import Role, role_of

SUPPLEMENT: Final = "supplemental-metadata"  # what a takeout puts behind a picture's name, as much of it as fits
SHORTENED: Final = range(43, 48)  # characters that a takeout leaves of a name that is too long, without `.json`
_FAMILY: Final = 40  # characters that all names of one picture share, however they are shortened
_NAMES_KEPT: Final = 1 << 18

# How programs mark the edited picture of a pair, in the languages that takeouts come in.
_WORDS: Final = (
    "edited edit effects bearbeitet modifié modifiée editado editada modificato modificata bewerkt redigerad redigeret "
    "redigert muokattu edytowane upraveno измененный 編集済み 已修改 수정됨"
)
_EDITED: Final = re.compile(rf"(?:[-_ ]\(?(?:{'|'.join(_WORDS.split())})\)?|~\d)(?P<counter>\(\d+\))?$")
_IPHONE: Final = re.compile(r"^(img_)(?P<mark>[eo])(\d{4,}.*)$")  # E: edited; O: what was done to the original
_PIXEL: Final = re.compile(
    r"^(?P<core>.+?)(?:\.(?P<what>raw|portrait)-\d+)?(?:\.m[pv])?(?:\.(?P<end>cover|original))?$"
)
_VIDEO: Final = re.compile(r"_(?:hevc|live)$")  # beside a HEIC, as programs name what they fetch from iCloud
_COUNTER: Final = re.compile(r"^(?P<base>.+)(?P<counter>\(\d+\))$")
_VERSION: Final = re.compile(r"_\d\d$")  # of a second set of edits, darktable's


@dataclass(frozen=True, slots=True)
class Name:
    """A name, taken apart; all in lower case, with composed letters.

    key: all of it. stem: without its suffix. core: the stem without what marks an edited picture, or one file of
    several of a shot. edited: whether such a mark says that it is the edited one of two pictures.
    """

    key: str
    stem: str
    suffix: str
    role: Role | None
    core: str
    edited: bool


@lru_cache(_NAMES_KEPT)
def parse_name(name: str) -> Name:
    """The parts of a file's name, one component.

    >>> parse_name("IMG_E1234.JPG").core, parse_name("Foto-bearbeitet(1).jpg").core
    ('img_1234', 'foto(1)')
    """
    key = unicodedata.normalize("NFC", name.casefold())
    stem, dot, suffix = key.rpartition(".")
    if not dot or not stem:
        return Name(key, key, "", None, key, False)
    role = role_of(suffix)
    core, edited = _core_of(stem, role)
    return Name(key, stem, suffix, role, core, edited)


def _core_of(stem: str, role: Role | None) -> tuple[str, bool]:
    core = _VIDEO.sub("", stem) if role is Role.VIDEO else stem
    edited = False
    if found := _PIXEL.match(core):
        core, edited = found["core"], found["what"] == "portrait" and found["end"] == "cover"
    if (found := _IPHONE.match(core)) and (found["mark"] == "e" or role is Role.SIDECAR):
        return found[1] + found[3], found["mark"] == "e"
    if (found := _EDITED.search(core)) and found.start():
        return core[: found.start()] + (found["counter"] or ""), True
    return core, edited


def named_by(sidecar: Name) -> list[str]:
    """Whole names that a sidecar may be named after, the likeliest first: `img_1.cr2` of `IMG_1.CR2.xmp`.

    >>> named_by(parse_name("IMG_1.jpg(2).json"))[1], named_by(parse_name("IMG_1.jpg.supplemental-me.json"))[1]
    ('img_1(2).jpg', 'img_1.jpg')
    """
    base, counter = _without_counter(sidecar.stem)
    found = [sidecar.stem, with_counter(base, counter), with_counter(_without_supplement(base), counter)]
    before, dot, suffix = sidecar.stem.rpartition(".")
    if dot and _VERSION.search(before):
        found.append(_VERSION.sub("", before) + dot + suffix)
    return [whole for whole in dict.fromkeys(found) if "." in whole]


def shortened(sidecar: Name) -> tuple[str, str]:
    """What a takeout left of a name that was too long, and the number behind it; `"", ""` where nothing was cut off."""
    base, counter = _without_counter(sidecar.stem)
    cut = sidecar.suffix == "json" and len(base) in SHORTENED
    return (base, counter) if cut else ("", "")


def plain_name(name: Name) -> tuple[str, str]:
    """A picture's whole name without its number, and that number: a takeout puts it behind the suffix of the other."""
    base, counter = _without_counter(name.stem)
    return f"{base}.{name.suffix}", counter


@lru_cache(_NAMES_KEPT)
def families_of(name: str) -> frozenset[str]:
    """Keys of which files that belong together share one: whoever looks for a file's companions reads only those."""
    parsed = parse_name(name)
    cores = {parsed.core, parse_name(parsed.stem).core if parsed.role is Role.VIDEO else parsed.core}
    if parsed.role is Role.SIDECAR:
        cores |= {parse_name(whole).core for whole in named_by(parsed)}
        cores |= {parse_name(f"{shortened(parsed)[0]}.jpg").core}
    return frozenset(_without_counter(core)[0][:_FAMILY] for core in cores)


def with_counter(name: str, counter: str) -> str:
    """`a.jpg` with `(1)` is `a(1).jpg`."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{counter}{dot}{suffix}"


def _without_counter(stem: str) -> tuple[str, str]:
    found = _COUNTER.match(stem)
    return (found["base"], found["counter"]) if found else (stem, "")


def _without_supplement(base: str) -> str:
    """`img_1.jpg` of `img_1.jpg.supplemental-me`; "" where nothing of the kind stands behind it."""
    whole, dot, rest = base.rpartition(".")
    return whole if dot and SUPPLEMENT.startswith(rest) else ""
