"""Names that programs and people give to copies, and folders that they lie in. Pure: names only.

A name proves nothing, so it decides among files that are alike in all that was measured: late in the order of keepers.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from worker.engine.companions.names import parse_name

_NAMES_KEPT: Final = 1 << 16
_COPY: Final = (
    "copy copie copia cópia kopie kopia kopi kopio kopya másolat копия копія コピー 副本 拷贝 복사본 αντίγραφο "
    "duplicate duplicated dup"
)
_MADE: Final = (
    "resized scaled small smaller compressed optimized thumb thumbnail preview lowres web export exported upscaled "
    "enhanced cropped crop rotated min final_web edit edited modified"
)
_SCREEN: Final = (
    r"screen[-_ ]?shot|screen ?grab|bildschirmfoto|capture d.[ée]cran|captura de (?:pantalla|ecr[ãa]|tela)|schermata|"
    r"schermafbeelding|sk[äa]rm(?:bild|avbild|klipp)|sk[æj]?[æe]rmbillede|skjermbilde|zrzut ekranu|ekran g[öo]r[üu]nt|"
    r"снимок экрана|скриншот|スクリーンショット|屏幕截图|截屏|스크린샷"
)
_SAID: Final = "|".join(re.escape(word) for word in _COPY.split())
_BEHIND: Final = re.compile(
    rf"(?:[-_ ]*\(\d{{1,3}}\)"  # photo (1), photo(1)
    rf"|[-_ .]+\(?(?:{_SAID})\)?(?:[-_ ]?\d{{1,3}})?"  # photo - copy, photo copy 2
    rf"|(?<=\S)(?:コピー|副本|拷贝|복사본)"  # no blank before these
    rf"|[-_ .]+\(?(?:{'|'.join(_MADE.split())})\)?"
    r"|[-_]\d{2,4}x\d{2,4}"  # photo-1024x768
    r"|(?<=\S) \d{1,2}"  # photo 2
    r"|(?<=\d{3})[-_]\d{1,2})$"  # IMG_2031-1
)
_BEFORE: Final = re.compile(
    rf"^(?:(?:{_SAID})(?:\s*\(\d+\))?[-_ ]+(?:(?:of|von|de|di|van|af|av|z)[-_ ]+)?"  # Copy of photo, Copy (2) of photo
    rf"|(?:{_SCREEN})"
    r"|(?:re)?(?:sized|scaled)[-_ ]|(?:edited|compressed|thumb|thumbnail|small|tn|preview)[-_ ])"
)
# What messengers and networks call the pictures that they have made smaller.
_SENT: Final = re.compile(
    r"^(?:img-\d{8}-wa\d{4}|whatsapp[-_ ]|signal-\d{4}-|photo_\d{4}-\d\d-\d\d_|telegram|received_\d{6,}|fb_img_\d|"
    r"snapchat-\d|\d{6,}_\d{6,}_(?:\d+_)?[no]$|mmexport\d|wechat|viber[-_ ]|line_\d{6,}|inshot_|picsart_|instasave|"
    r"unnamed|download)"
)
_FOLDERS: Final = (
    "backup backups bak sicherung sicherungen sauvegarde respaldo kopie kopien kopia copy copies copie copia duplicate "
    "duplicates download downloads whatsapp telegram signal messenger sent screenshots thumbnails thumbs cache tmp "
    "temp trash takeout export exports old"
)
_OF_COPIES: Final = frozenset(_FOLDERS.split())
_WORDS: Final = re.compile(r"[^\W\d_]+")


@lru_cache(_NAMES_KEPT)
def count_copy_marks(name: str) -> int:
    """How much of a file's name says that it is made of another one; 0 for a name of its own.

    >>> count_copy_marks("IMG_2031.jpg"), count_copy_marks("Copy of IMG_2031 (1).jpg")
    (0, 2)
    """
    stem = parse_name(name).stem
    marks = int(parse_name(name).edited or bool(_SENT.search(stem)))
    while found := _BEFORE.search(stem) or _BEHIND.search(stem):
        left = stem[: found.start()] + stem[found.end() :]
        marks += 1
        if not left.strip(" -_"):
            break
        stem = left
    return marks


def is_copy_folder(folder: str) -> bool:
    """Whether a folder, by any name on its path, is one of copies: backups, downloads, what messengers keep.

    >>> is_copy_folder("2024/Backup (2)"), is_copy_folder("2024/Trip")
    (True, False)
    """
    words = _WORDS.findall(unicodedata.normalize("NFC", folder.casefold()))
    return not _OF_COPIES.isdisjoint(words)
