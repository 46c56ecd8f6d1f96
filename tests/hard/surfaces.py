"""Levels that a program reads, and surfaces that are inspected: masks, depth, defects, fabrics, plates under test."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG
from tests.hard.nature import clipped, landscape, noise, surface
from tests.hard.paint import Sheet


def _levels(values: np.ndarray) -> Picture:
    """A grey picture of whole levels."""
    return np.repeat(values.astype(np.uint8)[..., None], 3, 2)


def label_masks(random: np.random.Generator) -> list[Picture]:
    """Classes of a street, a level each; one object more, and one of another class."""
    down, along = np.mgrid[:375, :500]
    street = np.where(down > 220, 1, 0) + np.where((along - 250) ** 2 < (down - 160) ** 2 * (down > 220), 2, 0)
    objects = []
    for _ in range(4):
        x, y = random.integers([30, 120], [470, 340])
        objects.append(((along - x) / random.uniform(15, 45)) ** 2 + ((down - y) / random.uniform(15, 45)) ** 2 < 1)
    first, more, other = street.copy(), street.copy(), street.copy()
    for number, place in enumerate(objects[:3]):
        for mask in (first, more, other):
            mask[place] = 4 + number
    more[objects[3]] = 5
    other[objects[2]] = 9
    return [_levels(mask) for mask in (first, more, other)]


def cut_outs(random: np.random.Generator) -> list[Picture]:
    """White shapes on black, of two moments: the second has moved on by a little."""
    result = []
    for step in (0.0, 1.0):
        sheet = Sheet("black", 512, 384)
        sheet.oval((190 + 24 * step, 130), (48, 60), "white")
        sheet.shape(
            (120 + 24 * step, 384), (150 + 24 * step, 200), (236 + 24 * step, 200), (266 + 24 * step, 384), fill="white"
        )
        sheet.box((380, 240 - 30 * step), (450, 384), "white")
        result.append(sheet.picture())
    return result


def depth_maps(random: np.random.Generator) -> list[Picture]:
    """A room, and the same with a chair nearer by."""
    down, along = np.mgrid[:360, :480].astype(np.float32)
    room = 40 + 130 * np.clip((down - 150) / 210, 0, 1) + 8 * np.abs(along - 240) / 240
    result = []
    for lift in (0, 22):
        shown = room.copy()
        for x, y, wide, high, near in ((120, 210, 60, 90, 120), (340, 230, 50, 80, 140 + lift)):
            shown[y : y + high, x - wide : x + wide] = near + 6 * np.cos((along[:high, : 2 * wide] - wide) / wide)
        result.append(_levels(np.clip(shown, 0, 255)))
    return result


def height_fields(random: np.random.Generator) -> list[Picture]:
    """Two tiles of one terrain's heights, in grey."""
    return [_levels(clipped(128 + 36 * noise(random, 512, 512, 1.8))) for _ in range(2)]


def thermal_pictures(random: np.random.Generator) -> list[Picture]:
    """A cabinet in false colours: another fuse is hot."""
    base = 70 + cv2.GaussianBlur(noise(random, 480, 360, 1.0), (0, 0), 2) * 6
    down, along = np.mgrid[:360, :480]
    for fuse in range(12):
        base[90 + fuse // 6 * 130 : 160 + fuse // 6 * 130, 40 + fuse % 6 * 70 : 84 + fuse % 6 * 70] += 25
    result = []
    for hot in (2, 9):
        x, y = 62 + hot % 6 * 70, 125 + hot // 6 * 130
        level = base + 110 * np.exp(-(((along - x) / 26) ** 2 + ((down - y) / 38) ** 2))
        shown = cv2.applyColorMap(clipped(level), cv2.COLORMAP_INFERNO)
        sheet = Sheet(np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2RGB), np.uint8))
        sheet.text((8, 334), f"max {float(random.uniform(60, 90)):.1f} C", 18, "mono", "white")
        result.append(sheet.picture())
    return result


def _bricks(random: np.random.Generator) -> Picture:
    down, along = np.mgrid[:480, :640]
    row = down // 40
    joint = (down % 40 < 4) | ((along + row % 2 * 45) % 90 < 4)
    tone = 95 + 22 * np.random.default_rng(3).standard_normal((13, 9))[row, (along + row % 2 * 45) // 90]
    level = np.where(joint, 165, tone) + noise(random, 640, 480, 0.5) * 7
    return clipped(np.repeat(level[..., None], 3, 2))


def defects(random: np.random.Generator) -> list[Picture]:
    """A good part, and with a scratch and a hole."""
    good = _bricks(random)
    sheet = Sheet(good, fine=2)
    sheet.line((200, 130), (300, 270), colour=(18, 18, 18), width=6)
    sheet.oval((450, 110), 13, (12, 12, 12))
    return [good, sheet.picture()]


def two_good_parts(random: np.random.Generator) -> list[Picture]:
    """Two parts from one mould: the shape is the same, the grain of the metal is not."""
    result = []
    for _ in range(2):
        metal = surface(random, 560, 480, (148, 150, 154), 11, 0.6)
        mould = Sheet("black", 560, 480, fine=2)
        mould.oval((280, 240), 190, "white")
        for turn in np.radians(np.arange(0, 360, 60)):
            mould.oval((280 + 130 * float(np.cos(turn)), 240 + 130 * float(np.sin(turn))), 24, "black")
        mould.oval((280, 240), 58, "black")
        cover = mould.picture() / 255.0
        result.append(clipped(metal * cover + 30 * (1 - cover)))
    return result


def circuit_boards(random: np.random.Generator) -> list[Picture]:
    """A board, and one that lacks a part."""
    board = surface(random, 640, 480, (24, 92, 52), 4)
    result = []
    parts = [random.uniform([40, 40], [560, 420]) for _ in range(16)]
    tracks = random.uniform(20, 460, (22, 2))
    for missing in (None, 5):
        sheet = Sheet(board, fine=2)
        for left, right in tracks:
            sheet.line(
                (0, float(left)),
                (320, float(left)),
                (360, float(right)),
                (640, float(right)),
                colour=(60, 130, 80),
                width=3,
            )
        for number, (x, y) in enumerate(parts):
            if number == missing:
                continue
            wide, high = (54, 34) if number % 3 else (26, 46)
            sheet.box((float(x), float(y)), (float(x) + wide, float(y) + high), (28, 28, 30), (190, 190, 195), 3)
            sheet.text((float(x) + wide / 2, float(y) + high / 2), f"R{number}", 12, "mono", "white", "mm")
        result.append(sheet.picture())
    return result


def woven_fabrics(random: np.random.Generator) -> list[Picture]:
    """Two cloths of one weave."""
    down, along = np.mgrid[:420, :560]
    weave = 128 + 40 * np.sin(along * 0.9) * np.sin(down * 0.9)
    tones = np.array([1.1, 0.8, 0.7]), np.array([1.1, 0.82, 0.74])
    return [clipped((weave + noise(random, 560, 420, 0.7) * 14)[..., None] * tone) for tone in tones]


def aerial_tiles(random: np.random.Generator) -> list[Picture]:
    """Two tiles of farmland from above, both beneath one grid of coordinates."""
    result = []
    for _ in range(2):
        fields = landscape(random, 560, 560)[260:, :]
        fields = np.asarray(cv2.resize(fields, (560, 560), interpolation=cv2.INTER_CUBIC), np.uint8)
        sheet = Sheet(fields)
        for line in range(0, 560, 80):
            sheet.line((line, 0), (line, 560), colour=(240, 240, 90), width=2)
            sheet.line((0, line), (560, line), colour=(240, 240, 90), width=2)
            sheet.text((line + 4, 4), f"{line // 80 + 31}E", 15, "mono", (255, 255, 255))
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("label-masks", label_masks, "none", CLEAN),
    *recipes("cut-outs", cut_outs, "none", CLEAN, JPEG),
    *recipes("depth-maps", depth_maps, "none", CLEAN),
    *recipes("height-fields", height_fields, "none", CLEAN, JPEG),
    *recipes("thermal-pictures", thermal_pictures, "none", JPEG),
    *recipes("defects", defects, "variant allowed", CLEAN, CAMERA),
    *recipes("parts-of-one-mould", two_good_parts, "none", JPEG, CAMERA),
    *recipes("board-lacks-a-part", circuit_boards, "variant allowed", JPEG, CAMERA),
    *recipes("woven-fabrics", woven_fabrics, "none", CLEAN, JPEG),
    *recipes("tiles-one-grid", aerial_tiles, "none", JPEG),
)
