"""Places before a camera: what stands there stays, what happens does not; and what all pictures of one maker share."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG
from tests.hard.nature import clipped, landscape, noise, part, photo, sky, surface
from tests.hard.paint import Sheet


def trail_camera(random: np.random.Generator) -> list[Picture]:
    """The empty place, and with an animal."""
    place = cv2.cvtColor(cv2.cvtColor(landscape(random, 800, 540), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    result = []
    for animal, hour in ((False, "02:14"), (True, "02:31")):
        sheet = Sheet(place, fine=2)
        if animal:
            fur = (176, 170, 162)
            sheet.oval((430, 370), (90, 42), fur)
            sheet.oval((535, 340), (34, 26), fur)
            sheet.shape((520, 322), (530, 292), (542, 320), fill=fur)
            sheet.line((345, 375), (270, 395), (250, 420), colour=fur, width=18)
            for x in (370, 400, 470, 495):
                sheet.line((x, 395), (x - 4, 452), colour=fur, width=12)
            sheet.oval((543, 334), 4, "white")
        sheet.box((0, 512), (800, 540), "black")
        sheet.text((10, 517), f"TRAIL-CAM 3   2023-05-04 {hour}   11C", 17, "mono", "white")
        result.append(sheet.picture())
    return result


def fixed_camera(random: np.random.Generator) -> list[Picture]:
    """A street at two moments: people walked on, a car came."""
    street = landscape(random, 800, 500).astype(np.float32)
    street[340:] = surface(random, 800, 160, (92, 92, 96), 9)
    result = []
    for cars, walkers in ((1, (120, 330)), (2, (250, 610, 700))):
        sheet = Sheet(clipped(street), fine=2)
        for car in range(cars):
            left = 430 - car * 330
            sheet.box((left, 370), (left + 190, 430), (170, 30, 30) if car else (40, 70, 140), round_=14)
            sheet.box((left + 40, 340), (left + 140, 378), (60, 70, 80), round_=12)
            for wheel in (left + 42, left + 148):
                sheet.oval((wheel, 430), 20, (20, 20, 20))
        for x in walkers:
            sheet.oval((x, 398), 10, (220, 180, 150))
            sheet.box((x - 12, 408), (x + 12, 450), tuple(int(c) for c in random.integers(20, 220, 3)), round_=6)
            sheet.box((x - 9, 450), (x + 9, 484), (30, 30, 50))
        result.append(sheet.picture())
    return result


def bursts(random: np.random.Generator) -> list[Picture]:
    """Three shots of one scene in which a ball flies through."""
    scene = landscape(random, 800, 540)
    result = []
    for shot in range(3):
        sheet = Sheet(scene, fine=2)
        sheet.oval((170 + shot * 210, 300 - shot * 70), 44, (240, 240, 235), (40, 40, 40), 4)
        move = np.float32([[1, 0, random.uniform(-5, 5)], [0, 1, random.uniform(-5, 5)]])
        shown = cv2.warpAffine(sheet.picture(), move, (800, 540), borderMode=cv2.BORDER_REFLECT)
        result.append(np.asarray(shown, np.uint8)[10:-10, 10:-10])
    return result


def pans(random: np.random.Generator) -> list[Picture]:
    """Two photos of a pan: each shows half of the other."""
    wide = landscape(random, 1200, 520)
    return [wide[:, :800].copy(), wide[:, 400:].copy()]


def photo_halves(random: np.random.Generator) -> list[Picture]:
    """The same of a real photo."""
    return [photo("china.jpg")[:, :427].copy(), photo("china.jpg")[:, 213:].copy()]


def shadows(random: np.random.Generator) -> list[Picture]:
    """A wall in the morning and in the evening: the shadows lie on the other side."""
    wall = surface(random, 700, 500, (190, 170, 140), 10).astype(np.float32)
    result = []
    for side in (-1, 1):
        shade = np.ones((500, 700), np.float32)
        for x in (130, 350, 570):
            fall = np.array([[x, 120], [x + side * 110, 500], [x + side * 110 + 60, 500], [x + 60, 120]], np.int32)
            cv2.fillPoly(shade, [fall], 0.55)
        lit = Sheet(clipped(wall * cv2.GaussianBlur(shade, (0, 0), 4)[..., None]))
        for x in (130, 350, 570):
            lit.box((x, 60), (x + 60, 130), (90, 60, 40), "black", 3)
        result.append(lit.picture())
    return result


def night_skies(random: np.random.Generator) -> list[Picture]:
    """Two fields of stars."""
    result = []
    for _ in range(2):
        field = noise(random, 700, 500, 1.5) * 3 + 12
        for _ in range(260):
            x, y = random.integers(0, [700, 500])
            field[y, x] += random.pareto(1.2) * 200
        result.append(clipped(np.repeat(np.clip(cv2.GaussianBlur(field, (0, 0), 0.9), 0, 255)[..., None], 3, 2)))
    return result


def fireworks(random: np.random.Generator) -> list[Picture]:
    """Two moments, black around."""
    result = []
    for _ in range(2):
        sheet = Sheet((4, 4, 8), 700, 520, fine=2)
        for _ in range(3):
            x, y = (float(length) for length in random.uniform([130, 100], [570, 320]))
            tone = tuple(int(level) for level in random.integers(120, 255, 3))
            for turn in random.uniform(0, 2 * np.pi, 46):
                far = float(random.uniform(60, 130))
                end = x + far * float(np.cos(turn)), y + far * float(np.sin(turn)) + far * 0.2
                sheet.line((x + (end[0] - x) * 0.3, y + (end[1] - y) * 0.3), end, colour=tone, width=2)
        result.append(sheet.picture())
    return result


def moons(random: np.random.Generator) -> list[Picture]:
    """Three phases of one moon."""
    down, along = (np.mgrid[:480, :480] - 240) / 190
    disc = np.clip((1 - np.hypot(down, along)) * 60, 0, 1)
    face = 190 + noise(random, 480, 480, 1.4) * 26
    result = []
    for phase in (-0.6, 0.0, 0.7):
        edge = phase * np.sqrt(np.clip(1 - down**2, 0, 1))
        light = np.clip((along - edge) * 9, 0, 1) * disc
        result.append(clipped(np.repeat((4 + face * light)[..., None], 3, 2)))
    return result


def _marked(picture: Picture) -> Picture:
    """With the agency's name all over it."""
    sheet = Sheet(np.zeros_like(picture))
    height, width = picture.shape[:2]
    for row in range(3):
        for column in range(2):
            at = (width * (0.25 + 0.5 * column), height * (0.2 + 0.3 * row))
            sheet.text(at, "SHUTTERPIX", width // 18, "bold", (255, 255, 255), "mm")
    return clipped(picture * (1 - sheet.picture() / 255 * 0.35) + sheet.picture() * 0.35)


def watermarked_skies(random: np.random.Generator) -> list[Picture]:
    """Two skies under one agency's mark."""
    tints = np.array([1, 1, 1]), np.array([1.1, 0.95, 1.02])
    return [_marked(clipped(cv2.GaussianBlur(sky(random, 720, 460, 0.5), (0, 0), 12) * tint)) for tint in tints]


def watermarked_walls(random: np.random.Generator) -> list[Picture]:
    """Two plain surfaces under it."""
    return [_marked(surface(random, 720, 460, (176, 170, 160), 5, power)) for power in (0.4, 0.8)]


def watermarked_photos(random: np.random.Generator) -> list[Picture]:
    return [_marked(landscape(random, 720, 460)) for _ in range(2)]


def framed_photos(random: np.random.Generator) -> list[Picture]:
    """Two photos in one ornate frame."""
    border = surface(np.random.default_rng(11), 760, 560, (130, 95, 40), 20, 0.6)
    rings = Sheet(border, fine=2)
    for inset in (12, 30, 48):
        rings.box((inset, inset), (760 - inset, 560 - inset), edge=(215, 175, 90), width=5)
    for step in range(24):
        for y in (24, 536):
            rings.oval((30 + step * 30.5, y), 9, (225, 190, 110), (90, 60, 20), 2)
    result = []
    for shown in (landscape(random, 640, 440), part("flower.jpg", 0.5, 0.5, 640, 440, 0.9)):
        sheet = Sheet(rings.picture())
        sheet.put(shown, (60, 60))
        result.append(sheet.picture())
    return result


def templates(random: np.random.Generator) -> list[Picture]:
    """Two offers in one template with logo, price and slogan."""
    result = []
    for shown in (landscape(random, 600, 300), part("china.jpg", 0.3, 0.5, 600, 300, 0.9)):
        sheet = Sheet((250, 205, 60), 640, 640)
        sheet.put(shown, (20, 140))
        sheet.oval((90, 70), 50, (200, 40, 40))
        sheet.text((90, 70), "NW", 40, "bold", "white", "mm")
        sheet.text((170, 40), "HOLIDAYS\nFOR EVERYONE", 30, "bold")
        sheet.box((20, 460), (620, 620), (200, 40, 40))
        sheet.text((320, 540), "BOOK NOW - FROM 99", 44, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("trail-camera", trail_camera, "variant allowed", CAMERA),
    *recipes("fixed-camera", fixed_camera, "variant allowed", CAMERA),
    *recipes("bursts", bursts, "variant allowed", CAMERA),
    *recipes("pan-by-half", pans, "none", JPEG),
    *recipes("photo-halves", photo_halves, "none", JPEG),
    *recipes("shadows", shadows, "variant allowed", CAMERA),
    *recipes("night-skies", night_skies, "none", JPEG),
    *recipes("fireworks", fireworks, "none", JPEG, CAMERA),
    *recipes("moon-phases", moons, "none", JPEG, CAMERA),
    *recipes("skies-one-watermark", watermarked_skies, "none", CLEAN, JPEG),
    *recipes("walls-one-watermark", watermarked_walls, "none", CLEAN, JPEG),
    *recipes("photos-one-watermark", watermarked_photos, "none", JPEG),
    *recipes("photos-one-frame", framed_photos, "none", JPEG),
    *recipes("offers-one-template", templates, "none", JPEG),
)
