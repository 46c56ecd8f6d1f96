"""What a file's suffix says of it, as data: the one place that lists what is no picture by its name."""

import posixpath
from typing import Final

# Videos, which are compared by their bytes. `.ts` is left out: most files called so are programs.
_VIDEOS: Final = (
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .insv .lrv .m2ts .m2v .m4v .mkv .mod .mov .mp4 .mpe .mpeg .mpg .mts .mxf "
    ".ogm .ogv .qt .rm .rmvb .tod .vob .webm .wmv"
)

_SIDECARS: Final = (
    ".aae .acr .arp .comask .cop .cos .cot .dop .dr4 .exv .gpx .json .jsonl .kml .kmz .nksc .nmea .on1 .pp2 .pp3 .thm "
    ".vrd .xml .xmp .yaml .yml"
)
_DOCUMENTS: Final = (
    ".ai .azw .azw3 .csv .djvu .doc .docm .docx .eml .epub .eps .htm .html .ics .indd .key .log .md .mbox .mht .mobi "
    ".msg .nfo .numbers .odg .odp .ods .odt .one .pages .pdf .pot .potx .pps .ppsx .ppt .pptx .ps .pub .rst .rtf .srt "
    ".sub .tex .tsv .txt .vcf .vsd .vsdx .vtt .webloc .wpd .xls .xlsm .xlsx .xps"
)
_SOUNDS: Final = (
    ".aac .ac3 .aif .aiff .amr .ape .au .caf .cue .dff .dsf .dts .flac .m3u .m3u8 .m4a .m4b .m4p .mid .midi .mka .mp2 "
    ".mp3 .mpc .oga .ogg .opus .pls .spx .tta .wav .wma .wv"
)
_ARCHIVES: Final = (
    ".7z .ace .apk .appimage .arj .bz2 .cab .cpio .deb .dmg .gz .img .ipa .iso .jar .lha .lz .lz4 .lzh .lzma .msi .nrg "
    ".ova .pkg .rar .rpm .sit .sitx .snap .tar .tbz .tbz2 .tgz .torrent .txz .vdi .vhd .vhdx .vmdk .war .xz .z .zip "
    ".zst"
)
_DATABASES: Final = (
    ".accdb .cosessiondb .dat .db .db-journal .db-shm .db-wal .db3 .dbf .h5 .hdf5 .idx .ldb .lrcat .lrcat-data "
    ".lrcat-journal .lrcat-shm .lrcat-wal .mdb .npy .npz .onnx .parquet .pickle .pkl .plist .pst .pt .safetensors .sql "
    ".sqlite .sqlite-journal .sqlite-shm .sqlite-wal .sqlite3"
)
_PROGRAMS: Final = (
    ".bash .bat .c .cc .cfg .class .cmd .com .conf .cpp .cs .css .desktop .dll .dylib .exe .go .h .hpp .ini .ipynb "
    ".java .js .jsx .kt .lnk .lock .lua .map .mjs .o .otf .php .pl .pyc .py .r .rb .reg .rs .scss .sh .so .swift .sys "
    ".toml .ts .tsx .ttc .ttf .url .vbs .woff .woff2"
)
_CHECKSUMS_AND_KEYS: Final = ".asc .cer .crt .gpg .md5 .pem .pfx .sfv .sha1 .sha256 .sha512 .sig"

VIDEOS: Final = frozenset(_VIDEOS.split())
NO_PICTURES: Final = VIDEOS | frozenset(
    " ".join((_SIDECARS, _DOCUMENTS, _SOUNDS, _ARCHIVES, _DATABASES, _PROGRAMS, _CHECKSUMS_AND_KEYS)).split()
)


def suffix_of(path: str) -> str:
    """The suffix in lower case with its dot; `.` where the name has none.

    >>> suffix_of("a/B.JPG"), suffix_of("3f786850e387550f"), suffix_of("name.")
    ('.jpg', '.', '.')
    """
    return posixpath.splitext(path)[1].lower() or "."
