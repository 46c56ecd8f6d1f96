"""The parts of a PNM file: Netpbm's raw formats, of which a file may hold several."""

import numpy as np

from worker.engine.picture.pnm import read_pnm_header
from worker.engine.proof.parts import Parts, digest, margin_bits


def read_pnm(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the header does not parse. Only raw values of 1 and 8 bits are known."""
    if data[1:2] not in b"456":
        parts.unknown = "PNM files of this kind are not compared"
        return
    header = read_pnm_header(data)
    parts.metadata |= {("its comment", digest(comment)) for comment in header.comments}
    if header.kind != "4" and header.most != 255:
        parts.unknown = f"its values from 0 to {header.most} are not compared"
    row = -(-header.width // 8) if header.kind == "4" else header.width * header.channels
    if header.kind == "4" and len(data) >= header.start + row * header.height:
        rows = np.frombuffer(data, np.uint8, row * header.height, header.start).reshape(header.height, row)
        parts.between(margin_bits(rows, header.width))
    parts.behind(data[header.start + row * header.height :])
