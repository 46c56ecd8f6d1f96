"""What instruments show: the dial, the frame, the tissue are the same, what was measured is not."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG, PHOTOGRAPHED, SCANNED
from tests.hard.nature import clipped, noise, surface
from tests.hard.paint import Sheet
from tests.hard.words import digits


def gauges(random: np.random.Generator) -> list[Picture]:
    """One gauge at two pressures."""
    return [_gauge(value) for value in (float(random.uniform(1, 4)), float(random.uniform(6, 9)))]


def _gauge(value: float) -> Picture:
    sheet = Sheet((235, 235, 238), 560, 560, fine=2)
    sheet.oval((280, 280), 262, "white", (40, 40, 40), 7)
    for step in range(51):
        turn = np.radians(225 - step * 5.4)
        along = np.array([np.cos(turn), -np.sin(turn)])
        inner = 222 if step % 5 == 0 else 236
        sheet.line(_point(along * inner), _point(along * 248), width=3 if step % 5 == 0 else 1)
        if step % 5 == 0:
            sheet.text(_point(along * 192), f"{step // 5}", 24, anchor="mm")
    turn = np.radians(225 - value * 27)
    along = np.array([np.cos(turn), -np.sin(turn)])
    sheet.text((280, 400), "bar", 26, anchor="mm")
    sheet.line(_point(-along * 40), _point(along * 210), colour=(200, 30, 30), width=5)
    sheet.oval((280, 280), 15, "black")
    return sheet.picture()


def _point(offset: np.ndarray) -> tuple[float, float]:
    return 280 + float(offset[0]), 280 + float(offset[1])


def clocks(random: np.random.Generator) -> list[Picture]:
    """One clock at two times."""
    result = []
    for hour, minute in ((float(random.uniform(1, 5)), 10), (float(random.uniform(7, 11)), 42)):
        sheet = Sheet((150, 130, 110), 520, 520, fine=2)
        sheet.oval((260, 260), 230, (245, 240, 225), (60, 40, 20), 14)
        for step in range(12):
            turn = np.radians(step * 30)
            at = 260 + 190 * np.sin(turn), 260 - 190 * np.cos(turn)
            sheet.text((float(at[0]), float(at[1])), f"{step or 12}", 34, "serif", anchor="mm")
        for turn, far, wide in ((hour * 30, 110, 9), (minute * 6, 165, 6)):
            end = 260 + far * np.sin(np.radians(turn)), 260 - far * np.cos(np.radians(turn))
            sheet.line((260, 260), (float(end[0]), float(end[1])), width=wide)
        result.append(sheet.picture())
    return result


def thermometers(random: np.random.Generator) -> list[Picture]:
    result = []
    for top in (float(random.uniform(120, 260)), float(random.uniform(380, 520))):
        sheet = Sheet((225, 205, 170), 300, 760, fine=2)
        sheet.box((60, 30), (240, 730), "white", (120, 100, 60), 3, 20)
        for step in range(51):
            wide = 30 if step % 10 == 0 else 14
            sheet.line((165, 80 + step * 11), (165 + wide, 80 + step * 11), width=2)
            if step % 10 == 0:
                sheet.text((205, 80 + step * 11), f"{40 - step}", 17, anchor="lm")
        sheet.box((132, 60), (152, 650), (238, 238, 240), (150, 150, 150), 1, 10)
        sheet.box((137, top), (147, 670), (210, 30, 30))
        sheet.oval((142, 680), 24, (210, 30, 30))
        result.append(sheet.picture())
    return result


def oscilloscopes(random: np.random.Generator) -> list[Picture]:
    """Two signals on one screen."""
    steps, result = np.linspace(0, 1, 400), []
    for turns in (float(random.uniform(3, 5)), float(random.uniform(7, 9))):
        sheet = Sheet((10, 26, 22), 800, 520)
        for line in range(11):
            sheet.line((line * 80, 0), (line * 80, 480), colour=(40, 80, 70))
            sheet.line((0, line * 48), (800, line * 48), colour=(40, 80, 70))
        heights = 240 - 130 * np.sin(2 * np.pi * turns * steps) * np.cos(3 * steps * turns)
        points = ((float(x) * 800, float(y)) for x, y in zip(steps, heights, strict=True))
        sheet.line(*points, colour=(250, 230, 60), width=3)
        sheet.text((12, 490), f"CH1 500mV   M 2.0ms   {turns * 50:.1f} Hz", 20, "mono", (240, 240, 240))
        result.append(sheet.picture())
    return result


def spectrograms(random: np.random.Generator) -> list[Picture]:
    """Two sounds through one window."""
    down, along = np.mgrid[:300, :640].astype(np.float32)
    result = []
    for _ in range(2):
        level = noise(random, 640, 300, 0.3) * 0.08 + 0.15
        for tone in range(6):
            bend = noise(random, 640, 1, 1.4)[0] * 12 + 40 + tone * 42
            level += np.exp(-(((down - bend[None]) / 5) ** 2)) * (0.9 - tone * 0.1) * (np.sin(along / 40 + tone) > -0.3)
        shown = np.stack([level * 2.2 - 0.3, level * 1.3 - 0.5, 0.5 + level * 0.3 - np.abs(level - 0.4)], 2)
        sheet = Sheet("black", 760, 400)
        sheet.put(clipped(shown * 255), (80, 30))
        for step in range(5):
            sheet.text((70, 330 - step * 70), f"{step * 2} kHz", 13, colour="white", anchor="rm")
            sheet.text((80 + step * 155, 350), f"{step * 0.5:.1f} s", 13, colour="white", anchor="mm")
        result.append(sheet.picture())
    return result


def slices(random: np.random.Generator) -> list[Picture]:
    """Three neighbouring slices of one body: outlines alike, what lies within a little further on."""
    fields = noise(random, 480, 480, 1.3), noise(random, 480, 480, 1.3), noise(random, 480, 480, 1.3)
    return [_slice(random, fields, step) for step in (0.0, 0.5, 1.0)]


def _slice(random: np.random.Generator, fields: tuple[np.ndarray, ...], step: float) -> Picture:
    down, along = np.mgrid[:480, :480].astype(np.float32) - 240

    def inside(x: float, y: float, wide: float, high: float, rough: float) -> np.ndarray:
        reach = ((along - x) / wide) ** 2 + ((down - y) / high) ** 2 + fields[2] * rough
        return 1 / (1 + np.exp(np.clip((reach - 1) * 25, -30, 30)))

    texture = fields[0] * np.cos(step) + fields[1] * np.sin(step)
    body = inside(0, 0, 205, 160 + 3 * step, 0.01)
    level = body * 95 + body * texture * 9
    for side in (-1, 1):
        lung = inside(side * 95, -15, 72 - 7 * step, 95 - 10 * step, 0.05)
        level = level * (1 - lung) + lung * (28 + texture * 12)
    heart = inside(-18 + 6 * step, 10 + 8 * step, 52 + 7 * step, 55, 0.05)
    level = level * (1 - heart) + heart * (135 + texture * 8)
    spine = inside(0, 112, 26, 24 + 4 * step, 0.03)
    level = level * (1 - spine) + spine * (215 + texture * 12)
    return clipped(np.repeat((level + random.normal(0, 4, level.shape))[..., None], 3, 2))


def radiographs(random: np.random.Generator) -> list[Picture]:
    """A hand's bones, and the same marked as the other side: L for R."""
    bones = Sheet((18, 18, 20), 480, 640, fine=2)
    bones.oval((240, 520), (90, 70), (150, 150, 150))
    for finger, lean in enumerate((-1.1, -0.45, 0.0, 0.4, 0.9)):
        x, y = 240 + lean * 60, 440.0
        for joint in range(3):
            long = (120 - 24 * joint) * (0.7 if finger == 0 else 1)
            bones.line((x, y), (x + lean * long * 0.5, y - long), colour=(195, 195, 195), width=22 - 4 * joint)
            x, y = x + lean * long * 0.55, y - long * 1.1
    film = cv2.GaussianBlur(bones.picture(), (0, 0), 3) + noise(random, 480, 640, 1.0)[..., None] * 6
    result = []
    for mark in "LR":
        sheet = Sheet(clipped(film))
        sheet.text((30, 26), mark, 54, "bold", "white")
        result.append(sheet.picture())
    return result


def microscope_fields(random: np.random.Generator) -> list[Picture]:
    """Two places of one slide."""
    down, along = np.mgrid[:480, :480] - 240
    round_ = np.hypot(down, along) < 225
    result = []
    for _ in range(2):
        sheet = Sheet(surface(random, 480, 480, (236, 214, 226), 5), fine=2)
        for _ in range(90):
            x, y = (float(length) for length in random.uniform(0, 480, 2))
            sheet.oval((x, y), (float(random.uniform(9, 15)), float(random.uniform(9, 15))), (214, 150, 190))
            sheet.oval((x, y), float(random.uniform(3, 6)), (110, 60, 140))
        result.append(np.where(round_[..., None], sheet.picture(), 0).astype(np.uint8))
    return result


def meters(random: np.random.Generator) -> list[Picture]:
    """An electricity meter, read in two months."""
    first = digits(random, 3)
    result = []
    for last in ("417", "902"):
        sheet = Sheet((225, 226, 222), 560, 420)
        sheet.text((30, 24), "kWh  3x230/400V  No 8817204", 20, "sans", (60, 60, 60))
        for place, digit in enumerate(first + last):
            sheet.box((50 + place * 78, 110), (118 + place * 78, 220), "black", round_=6)
            sheet.text((84 + place * 78, 165), digit, 70, "mono", "white", "mm")
        sheet.put(
            np.repeat(np.tile((np.arange(460) // 4 % 3 > 0) * 255, (60, 1))[..., None], 3, 2).astype(np.uint8),
            (50, 300),
        )
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("gauges", gauges, "variant allowed", CLEAN, CAMERA),
    *recipes("clocks", clocks, "none", CLEAN, CAMERA),
    *recipes("thermometers", thermometers, "none", CLEAN, CAMERA),
    *recipes("oscilloscopes", oscilloscopes, "none", CLEAN, JPEG),
    *recipes("spectrograms", spectrograms, "none", CLEAN, JPEG),
    *recipes("neighbouring-slices", slices, "none", CLEAN, JPEG),
    *recipes("radiographs-left-right", radiographs, "none", CLEAN, SCANNED),
    *recipes("microscope-fields", microscope_fields, "none", JPEG),
    *recipes("electricity-meters", meters, "none", CLEAN, PHOTOGRAPHED),
)
