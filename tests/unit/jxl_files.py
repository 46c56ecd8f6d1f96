"""JPEG XL files that tests make: by libjxl's own encoder, as it lies in imagecodecs, whose wrapper knows no colours but
sRGB and linear light, no orientation, no layers and no channels beside alpha.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np
from imagecodecs import _jpegxl

LIBRARY = ctypes.CDLL(_jpegxl.__file__)
UINT8, UINT16, FLOAT = 2, 3, 0
SRGB, LINEAR, PQ, DCI, HLG, BT709 = 13, 8, 16, 17, 18, 1
WIDE, P3 = 9, 11
DEPTH, SPOT, BLACK = 1, 2, 4
_EFFORT, ORDER, SQUEEZE, PASSES, SMALL_FIRST = 0, 13, 16, 17, 19  # options of the encoder
for name in ("JxlEncoderCreate", "JxlEncoderFrameSettingsCreate"):
    getattr(LIBRARY, name).restype = ctypes.c_void_p

U32, Int, Real = ctypes.c_uint32, ctypes.c_int, ctypes.c_double
Two = Real * 2


class _Info(ctypes.Structure):
    _fields_ = [
        ("boxed", Int), ("width", U32), ("height", U32), ("bits", U32), ("exponent", U32), ("nits", ctypes.c_float),
        ("least_nits", ctypes.c_float), ("relative", Int), ("below", ctypes.c_float), ("original", Int),
        ("preview", Int), ("animated", Int), ("orientation", Int), ("colours", U32), ("further", U32),
        ("alpha_bits", U32), ("alpha_exponent", U32), ("multiplied", Int), ("preview_size", U32 * 2),
        ("ticks", U32 * 3), ("timed", Int), ("intrinsic", U32 * 2), ("padding", ctypes.c_uint8 * 100),
    ]  # fmt: skip


class _Colours(ctypes.Structure):
    _fields_ = [
        ("space", Int), ("white", Int), ("white_at", Two), ("primaries", Int), ("red", Two), ("green", Two),
        ("blue", Two), ("curve", Int), ("gamma", Real), ("intent", Int),
    ]  # fmt: skip


class _Channel(ctypes.Structure):
    _fields_ = [
        ("kind", Int), ("bits", U32), ("exponent", U32), ("shift", U32), ("name", U32), ("multiplied", Int),
        ("spot", ctypes.c_float * 4), ("cfa", U32),
    ]  # fmt: skip


class _Frame(ctypes.Structure):
    _fields_ = [
        ("duration", U32), ("timecode", U32), ("name", U32), ("last", Int), ("cropped", Int), ("left", ctypes.c_int32),
        ("top", ctypes.c_int32), ("width", U32), ("height", U32), ("mode", Int), ("source", U32), ("alpha", U32),
        ("clamp", Int), ("kept", U32),
    ]  # fmt: skip


class _Format(ctypes.Structure):
    _fields_ = [("channels", U32), ("kind", Int), ("order", Int), ("align", ctypes.c_size_t)]


@dataclass(frozen=True)
class Made:
    """What a file shall be. layers: further frames, each with its place; or with durations a sequence."""

    lossless: bool = True
    distance: float = 1.0
    orientation: int = 1
    bits: int = 0
    primaries: int = 1
    white: int = 1
    curve: int = SRGB
    gamma: float = 0.0
    nits: float = 0.0
    icc: bytes = b""
    multiplied: bool = False
    further: Sequence[int] = ()
    layers: Sequence[tuple[np.ndarray, int, int]] = ()
    durations: Sequence[int] = ()
    boxed: bool = False
    options: dict[int, int] = field(default_factory=dict)


def jxl(values: np.ndarray, made: Made | None = None, **options: Any) -> bytes:
    """A file of these values: grey, grey with alpha, RGB or RGBA, uint8, uint16 or float32."""
    made = made or Made(**options)
    encoder = ctypes.c_void_p(LIBRARY.JxlEncoderCreate(None))
    try:
        return _encoded(encoder, values, made)
    finally:
        LIBRARY.JxlEncoderDestroy(encoder)


def _check(status: int, what: str) -> None:
    assert status == 0, (what, status)


def _encoded(encoder: ctypes.c_void_p, values: np.ndarray, made: Made) -> bytes:
    channels = values.shape[2] if values.ndim == 3 else 1
    alpha = channels in (2, 4)
    kind = {"uint8": UINT8, "uint16": UINT16, "float32": FLOAT}[values.dtype.name]
    info = _Info()
    LIBRARY.JxlEncoderInitBasicInfo(ctypes.byref(info))
    info.width, info.height, info.orientation = values.shape[1], values.shape[0], made.orientation
    info.bits = made.bits or 8 * values.dtype.itemsize
    info.exponent = 0 if kind != FLOAT else 8 if info.bits == 32 else 7
    info.original, info.nits = made.lossless, made.nits
    info.colours, info.further = channels - alpha, alpha + len(made.further)
    info.alpha_bits, info.alpha_exponent = (info.bits, info.exponent) if alpha else (0, 0)
    info.multiplied = made.multiplied
    if made.durations:
        info.animated, info.ticks[0], info.ticks[1] = 1, 10, 1
    _check(LIBRARY.JxlEncoderUseContainer(encoder, int(made.boxed)), "boxes")
    if info.further > 4 or made.further:
        _check(LIBRARY.JxlEncoderSetCodestreamLevel(encoder, 10), "level")
    _check(LIBRARY.JxlEncoderSetBasicInfo(encoder, ctypes.byref(info)), "info")
    for place, of in enumerate(([0] if alpha else []) + list(made.further)):
        channel = _Channel()
        LIBRARY.JxlEncoderInitExtraChannelInfo(of, ctypes.byref(channel))
        channel.bits, channel.exponent = info.bits, info.exponent
        channel.spot[0], channel.spot[3], channel.multiplied = 1.0, 0.5, made.multiplied
        _check(LIBRARY.JxlEncoderSetExtraChannelInfo(encoder, ctypes.c_size_t(place), ctypes.byref(channel)), "channel")
    if made.icc:
        _check(LIBRARY.JxlEncoderSetICCProfile(encoder, made.icc, ctypes.c_size_t(len(made.icc))), "profile")
    else:
        colours = _Colours(space=int(info.colours == 1), white=made.white, primaries=made.primaries, intent=1)
        colours.curve, colours.gamma = (65535, made.gamma) if made.gamma else (made.curve, 0.0)
        _check(LIBRARY.JxlEncoderSetColorEncoding(encoder, ctypes.byref(colours)), "colours")
    _add_frames(encoder, values, made, _Format(channels, kind, 0, 0))
    LIBRARY.JxlEncoderCloseInput(encoder)
    return _written(encoder)


def _add_frames(encoder: ctypes.c_void_p, values: np.ndarray, made: Made, form: _Format) -> None:
    frames = [(values, 0, 0), *made.layers]
    for place, (pixels, left, top) in enumerate(frames):
        settings = ctypes.c_void_p(LIBRARY.JxlEncoderFrameSettingsCreate(encoder, None))
        if made.lossless:
            _check(LIBRARY.JxlEncoderSetFrameLossless(settings, 1), "lossless")
        else:
            _check(LIBRARY.JxlEncoderSetFrameDistance(settings, ctypes.c_float(made.distance)), "distance")
        for option, value in {_EFFORT: 3, **made.options}.items():
            _check(LIBRARY.JxlEncoderFrameSettingsSetOption(settings, option, ctypes.c_int64(value)), "option")
        if made.bits and form.kind != FLOAT:
            depth = (ctypes.c_uint32 * 3)(1, 0, 0)  # values are of the depth of the file
            _check(LIBRARY.JxlEncoderSetFrameBitDepth(settings, ctypes.byref(depth)), "depth")
        frame = _Frame()
        LIBRARY.JxlEncoderInitFrameHeader(ctypes.byref(frame))
        frame.duration = made.durations[place] if made.durations else 0
        if pixels.shape != values.shape or (left, top) != (0, 0):
            frame.cropped, frame.left, frame.top = 1, left, top
            frame.width, frame.height = pixels.shape[1], pixels.shape[0]
        frame.kept = 1 if len(frames) > 1 and not made.durations else 0
        frame.source = 1 if place and not made.durations else 0
        _check(LIBRARY.JxlEncoderSetFrameHeader(settings, ctypes.byref(frame)), "frame")
        pixels = np.ascontiguousarray(pixels)
        data = pixels.ctypes.data_as(ctypes.c_void_p)
        size = ctypes.c_size_t(pixels.nbytes)
        _check(LIBRARY.JxlEncoderAddImageFrame(settings, ctypes.byref(form), data, size), "pixels")
        plane = np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 else pixels)
        for number in range(len(made.further)):
            one = _Format(1, form.kind, 0, 0)
            _check(
                LIBRARY.JxlEncoderSetExtraChannelBuffer(
                    settings, ctypes.byref(one), plane.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(plane.nbytes),
                    int(form.channels in (2, 4)) + number,
                ), "plane",
            )  # fmt: skip


def _written(encoder: ctypes.c_void_p) -> bytes:
    out = b""
    while True:
        room = ctypes.create_string_buffer(1 << 20)
        at, left = ctypes.c_void_p(ctypes.addressof(room)), ctypes.c_size_t(len(room))
        status = LIBRARY.JxlEncoderProcessOutput(encoder, ctypes.byref(at), ctypes.byref(left))
        out += room.raw[: len(room) - left.value]
        if status != 2:
            _check(status, "output")
            return out


def from_jpeg(data: bytes) -> bytes:
    """The JPEG, its coefficients packed anew, with what it takes to make the JPEG again."""
    made: bytes = imagecodecs.jpegxl_encode_jpeg(data, usecontainer=True)
    return made
