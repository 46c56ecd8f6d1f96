"""The parts of a PNM file: Netpbm's raw formats, of which a file may hold several."""

from worker.engine.parts import Parts, digest


def read_pnm(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the header does not parse. Only raw values of 1 and 8 bits are known."""
    kind = data[1:2]
    if kind not in b"456":
        parts.unknown = "PNM files of this kind are not compared"
        return
    words, at = _header(data, 2 if kind == b"4" else 3, parts)
    width, height, most = (*words, 255)[:3]
    if most != 255:
        parts.unknown = f"its values from 0 to {most} are not compared"
    row = -(-width // 8) if kind == b"4" else width * (3 if kind == b"6" else 1)
    parts.behind(data[at + 1 + row * height :])


def _header(data: bytes, wanted: int, parts: Parts) -> tuple[list[int], int]:
    """The numbers of the header, and where it ends."""
    words: list[int] = []
    at = 2
    while len(words) < wanted:
        if data[at : at + 1].isspace():
            at += 1
        elif data[at : at + 1] == b"#":
            end = data.index(b"\n", at)
            parts.metadata.add(("its comment", digest(data[at:end])))
            at = end
        else:
            end = at
            while data[end : end + 1].isdigit():
                end += 1
            words.append(int(data[at:end]))
            at = end
    return words, at
