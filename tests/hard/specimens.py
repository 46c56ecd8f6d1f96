"""Things of one kind laid out alike: specimens, plots, sprites, palettes, and models of one make."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG, SCANNED
from tests.hard.nature import clipped, grain, noise, surface
from tests.hard.paint import Sheet


def fingerprints(random: np.random.Generator) -> list[Picture]:
    """Two fingers on one card."""
    down, along = np.mgrid[:420, :340].astype(np.float32)
    inside = ((along - 170) / 130) ** 2 + ((down - 210) / 175) ** 2 < 1
    result = []
    for _ in range(2):
        x, y = random.uniform([130, 150], [210, 270])
        reach = np.hypot(along - x, (down - y) * 0.8) + noise(random, 340, 420, 1.8) * 14
        ridges = np.clip(128 + 260 * np.sin(reach * 0.75), 30, 250)
        result.append(clipped(np.repeat(np.where(inside, ridges, 250)[..., None], 3, 2)))
    return result


def retinas(random: np.random.Generator) -> list[Picture]:
    """Two eyes through one lens."""
    down, along = np.mgrid[:480, :480] - 240
    inside = (np.hypot(down, along) < 225)[..., None]
    result = []
    for _ in range(2):
        sheet = Sheet(surface(random, 480, 480, (190, 90, 45), 6, 1.4), fine=2)
        sheet.oval((330, 240), 34, (245, 200, 130))
        for branch in random.uniform(0, 2 * np.pi, 9):
            points, at, turn = [(330.0, 240.0)], np.array([330.0, 240.0]), float(branch)
            for _ in range(14):
                turn += float(random.normal(0, 0.25))
                at = at + 22 * np.array([np.cos(turn), np.sin(turn)])
                points.append((float(at[0]), float(at[1])))
            sheet.line(*points, colour=(130, 30, 25), width=float(random.uniform(2, 5)))
        result.append(np.where(inside, cv2.GaussianBlur(sheet.picture(), (0, 0), 1.2), 0).astype(np.uint8))
    return result


def gels(random: np.random.Generator) -> list[Picture]:
    """Two runs on one gel."""
    result = []
    for _ in range(2):
        level = np.full((420, 560), 205, np.float32)
        for lane in range(9):
            level[20:400, 34 + lane * 56 : 76 + lane * 56] -= 12
            for _ in range(int(random.integers(2, 6))):
                top = int(random.integers(50, 380))
                level[top : top + 9, 36 + lane * 56 : 74 + lane * 56] -= random.uniform(50, 150)
        result.append(clipped(np.repeat(cv2.GaussianBlur(level, (0, 0), 2.2)[..., None], 3, 2)))
    return result


def dishes(random: np.random.Generator) -> list[Picture]:
    """Colonies on two plates."""
    result = []
    for _ in range(2):
        sheet = Sheet((60, 62, 66), 480, 480, fine=2)
        sheet.oval((240, 240), 216, (226, 210, 170), (235, 235, 240), 10)
        for _ in range(70):
            far, turn = 195 * float(np.sqrt(random.random())), float(random.uniform(0, 2 * np.pi))
            at = 240 + far * float(np.cos(turn)), 240 + far * float(np.sin(turn))
            sheet.oval(at, float(random.uniform(3, 8)), (245, 240, 215), (190, 170, 120), 1)
        result.append(sheet.picture())
    return result


def scatter_plots(random: np.random.Generator) -> list[Picture]:
    result = []
    for slope in (0.7, -0.5):
        sheet = Sheet("white", 720, 540, fine=2)
        sheet.box((80, 40), (690, 480), edge="black")
        for line in range(6):
            sheet.text((70, 480 - line * 88), f"{line * 2}", 15, anchor="rm")
            sheet.text((80 + line * 122, 500), f"{line * 10}", 15, anchor="mm")
        for x, stray in zip(random.uniform(-1, 1, 150), random.normal(0, 0.2, 150), strict=True):
            y = float(np.clip(slope * x + stray, -1, 1))
            sheet.oval((385 + float(x) * 290, 260 - y * 205), 4, (50, 110, 190))
        result.append(sheet.picture())
    return result


def bar_charts(random: np.random.Generator) -> list[Picture]:
    """Two years, one style."""
    result = []
    for year in (2021, 2022):
        sheet = Sheet("white", 760, 500)
        sheet.text((380, 28), f"Sales by month, {year}", 22, "bold", anchor="mm")
        sheet.line((60, 440), (730, 440), width=2)
        for month, height in enumerate(random.integers(60, 350, 12)):
            left = 76 + month * 54
            sheet.box((left, 440 - int(height)), (left + 36, 440), (70, 130, 180))
            sheet.text((left + 18, 456), "JFMAMJJASOND"[month], 15, anchor="mm")
        result.append(sheet.picture())
    return result


def sprites(random: np.random.Generator) -> list[Picture]:
    """Two figures of a game, in large pixels."""
    result = []
    for _ in range(2):
        half = random.integers(0, 4, (12, 6))
        figure = np.hstack([half, half[:, ::-1]])
        tones = np.array([[250, 250, 250], [30, 30, 40], [200, 60, 60], [80, 130, 210]], np.uint8)
        result.append(np.repeat(np.repeat(tones[figure], 32, 0), 32, 1))
    return result


def palettes(random: np.random.Generator) -> list[Picture]:
    """Two sets of twelve shades in one box."""
    result = []
    for _ in range(2):
        sheet = Sheet((30, 28, 30), 640, 460, fine=2)
        for pan in range(12):
            x, y = 95 + pan % 4 * 150, 90 + pan // 4 * 140
            sheet.oval((x, y), 58, tuple(int(level) for level in random.integers(60, 240, 3)), (200, 170, 110), 3)
        result.append(clipped(sheet.picture() + noise(random, 640, 460, 0.4)[..., None] * 3))
    return result


def watches(random: np.random.Generator) -> list[Picture]:
    """One case, two dials."""
    result = []
    for dial, mark in (((245, 245, 240), "roman"), ((20, 30, 60), "bar")):
        sheet = Sheet("white", 420, 620, fine=2)
        sheet.box((150, 10), (270, 610), (90, 60, 40), round_=16)
        sheet.oval((210, 310), 170, (170, 172, 178), (110, 112, 118), 4)
        sheet.oval((210, 310), 142, dial)
        ink = "black" if mark == "roman" else "white"
        for hour, name in enumerate(("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")):
            turn = np.radians(hour * 30)
            x, y = float(np.sin(turn)), -float(np.cos(turn))
            if mark == "roman":
                sheet.text((210 + 112 * x, 310 + 112 * y), name, 22, "serif", ink, "mm")
            else:
                sheet.line((210 + 104 * x, 310 + 104 * y), (210 + 130 * x, 310 + 130 * y), colour=ink, width=6)
        sheet.line((150, 275), (210, 310), (285, 250), colour=ink, width=6)
        result.append(sheet.picture())
    return result


def cars(random: np.random.Generator) -> list[Picture]:
    """One model in two colours."""
    road = surface(random, 720, 420, (170, 172, 176), 4)
    result = []
    for tone in ((180, 30, 40), (40, 90, 150)):
        sheet = Sheet(road, fine=2)
        sheet.shape(
            (90, 250), (190, 235), (270, 150), (460, 150), (540, 235), (640, 260), (645, 320), (80, 320), fill=tone
        )
        sheet.shape((215, 232), (280, 166), (360, 166), (360, 232), fill=(60, 75, 90))
        sheet.shape((375, 232), (375, 166), (452, 166), (508, 232), fill=(60, 75, 90))
        sheet.line((366, 240), (366, 312), colour=(20, 20, 20), width=2)
        for x in (190, 540):
            sheet.oval((x, 320), 48, (25, 25, 25))
            sheet.oval((x, 320), 26, (180, 180, 185))
        result.append(clipped(sheet.picture() + grain(random, road.shape, 1)))
    return result


def tiled_floors(random: np.random.Generator) -> list[Picture]:
    """Two floors laid in one pattern of two marbles."""
    down, along = np.mgrid[:480, :640]
    board = ((along // 80 % 2) ^ (down // 80 % 2))[..., None] > 0
    result = []
    for _ in range(2):
        veins = np.abs(noise(random, 640, 480, 1.4))[..., None]
        result.append(clipped(np.where(board, 225 - veins * 18, 95 + veins * 22) * np.float32([1, 0.98, 0.94])))
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("fingerprints", fingerprints, "none", CLEAN, SCANNED),
    *recipes("retinas", retinas, "none", JPEG),
    *recipes("gels", gels, "none", CLEAN, CAMERA),
    *recipes("dishes", dishes, "none", JPEG, CAMERA),
    *recipes("scatter-plots", scatter_plots, "none", CLEAN, JPEG),
    *recipes("bar-charts", bar_charts, "none", CLEAN, JPEG),
    *recipes("sprites", sprites, "none", CLEAN),
    *recipes("palettes", palettes, "none", JPEG, CAMERA),
    *recipes("watches-other-dial", watches, "none", JPEG, CAMERA),
    *recipes("cars-other-colour", cars, "none", JPEG, CAMERA),
    *recipes("tiled-floors", tiled_floors, "none", JPEG, CAMERA),
)
