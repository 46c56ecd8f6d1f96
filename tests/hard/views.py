"""Screens over something that stays: a wallpaper, a map, a studio, a pitch."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, JPEG
from tests.hard.nature import clipped, landscape, noise, part, surface
from tests.hard.pages import city
from tests.hard.paint import Sheet
from tests.hard.papers import face
from tests.hard.words import FIRST, WORDS, lines, people, sentence


def lock_screens(random: np.random.Generator) -> list[Picture]:
    """One wallpaper with two times and other notices."""
    ground = part("flower.jpg", 0.5, 0.5, 400, 780, 0.4)
    result = []
    for clock, notices in (("08:14", 1), ("19:52", 3)):
        sheet = Sheet(ground)
        sheet.text((200, 130), clock, 84, "sans", "white", "mm")
        for notice in range(notices):
            top = 420 + notice * 100
            sheet.box((20, top), (380, top + 84), (238, 238, 242), round_=16)
            sheet.text((40, top + 12), str(random.choice(FIRST)), 17, "bold")
            sheet.text((40, top + 44), lines(random, 1, 34)[0], 15)
        result.append(sheet.picture())
    return result


def desktops(random: np.random.Generator) -> list[Picture]:
    """Two windows over one wallpaper."""
    ground = landscape(random, 1120, 630)
    result = []
    for _ in range(2):
        sheet = Sheet(ground)
        sheet.box((0, 594), (1120, 630), (30, 32, 38))
        for icon in range(6):
            sheet.box(
                (12 + icon * 44, 600),
                (40 + icon * 44, 624),
                tuple(int(c) for c in random.integers(40, 240, 3)),
                round_=5,
            )
        left, top = (int(length) for length in random.integers([60, 30], [240, 90]))
        sheet.box((left, top), (left + 760, top + 460), "white", (150, 150, 155), 2, 8)
        sheet.box((left, top), (left + 760, top + 36), (225, 228, 232), round_=8)
        sheet.text((left + 16, top + 9), str(random.choice(WORDS)).title(), 15, "bold")
        sheet.text((left + 30, top + 60), "\n".join(lines(random, 14, 74)), 16)
        result.append(sheet.picture())
    return result


def inboxes(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        sheet = Sheet("white", 1100, 640)
        sheet.box((0, 0), (200, 640), (243, 245, 248))
        for row, word in enumerate(("Inbox", "Starred", "Sent", "Drafts", "Spam", "Bin")):
            sheet.text((28, 70 + row * 40), word, 17, "bold" if row == 0 else "sans")
        for row in range(16):
            top = 20 + row * 38
            sheet.text((220, top), people(random)[0], 15, "bold")
            sheet.text((400, top), lines(random, 1, 62)[0], 15)
            sheet.text((1080, top), f"{random.integers(1, 28)} May", 13, colour=(120, 120, 120), anchor="ra")
            sheet.line((210, top + 28), (1100, top + 28), colour=(230, 232, 235))
        result.append(sheet.picture())
    return result


def news_pages(random: np.random.Generator) -> list[Picture]:
    """Two days of one newspaper's front page."""
    result = []
    for _ in range(2):
        sheet = Sheet((252, 250, 246), 900, 1100)
        sheet.text((450, 56), "THE HARBOUR TIMES", 60, "serif bold", anchor="mm")
        sheet.line((30, 100), (870, 100), width=3)
        sheet.text((40, 120), sentence(random, 5), 34, "serif bold")
        sheet.put(landscape(random, 520, 340), (40, 180))
        for column in range(3):
            at, count = (40 + column * 285, 560 if column < 2 else 180), 24 if column < 2 else 40
            sheet.text(at, "\n".join(lines(random, count, 30)), 15, "serif")
        result.append(sheet.picture())
    return result


def calls(random: np.random.Generator) -> list[Picture]:
    """Two moments of one call: people changed places."""
    result = []
    for _ in range(2):
        sheet = Sheet((28, 30, 34), 960, 600)
        for place in range(6):
            left, top = 15 + place % 3 * 315, 20 + place // 3 * 260
            sheet.put(face(random, 300, 240), (left, top))
            sheet.text((left + 12, top + 212), str(random.choice(FIRST)), 17, "bold", "white")
        for button, tone in enumerate(((70, 74, 80), (70, 74, 80), (210, 50, 50))):
            sheet.oval((420 + button * 60, 570), 22, tone)
        result.append(sheet.picture())
    return result


def pitches(random: np.random.Generator) -> list[Picture]:
    """Two moments of a match from one seat."""
    result = []
    for score in ("1 - 0", "1 - 2"):
        sheet = Sheet(surface(np.random.default_rng(5), 960, 540, (60, 120, 50), 8), fine=2)
        for line in (
            ((60, 90), (900, 90)),
            ((10, 500), (950, 500)),
            ((60, 90), (10, 500)),
            ((900, 90), (950, 500)),
            ((480, 90), (480, 500)),
        ):
            sheet.line(*line, colour="white", width=4)
        sheet.oval((480, 280), (110, 70), edge="white", width=4)
        for player in range(22):
            x, y = (float(length) for length in random.uniform([80, 110], [880, 470]))
            sheet.box((x - 7, y - 26), (x + 7, y), (200, 30, 40) if player % 2 else (240, 240, 250), round_=4)
            sheet.oval((x, y - 32), 6, (210, 170, 140))
        sheet.box((30, 20), (270, 64), (20, 24, 60))
        sheet.text((150, 42), f"ELL {score} NOR", 24, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def studios(random: np.random.Generator) -> list[Picture]:
    """One presenter, two reports: the picture behind and the words below."""
    speaker = face(random, 260, 330)
    result = []
    for _ in range(2):
        sheet = Sheet((20, 40, 90), 960, 540)
        sheet.put(landscape(random, 560, 360), (370, 40))
        sheet.put(speaker, (60, 110))
        sheet.box((0, 440), (960, 540), (180, 20, 30))
        sheet.text((30, 452), lines(random, 1, 30)[0].upper(), 34, "bold", "white")
        sheet.text((30, 502), lines(random, 1, 70)[0], 20, "sans", "white")
        result.append(sheet.picture())
    return result


def radars(random: np.random.Generator) -> list[Picture]:
    """Rain at two times over one map."""
    plan = city(random)
    height, width = plan.shape[:2]
    result = []
    for clock in ("14:00", "17:00"):
        level = np.clip(noise(random, width, height, 2.0) * 110, 0, 255)
        rain = cv2.cvtColor(cv2.applyColorMap(clipped(level), cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)
        cover = (level > 40)[..., None] * 0.65
        sheet = Sheet(clipped(plan * (1 - cover) + rain * cover))
        sheet.box((10, 10), (150, 50), "white")
        sheet.text((80, 30), clock, 24, "bold", anchor="mm")
        result.append(sheet.picture())
    return result


def routes(random: np.random.Generator) -> list[Picture]:
    """Two ways through one town."""
    plan = city(random)
    result = []
    for end in ((840, 90), (700, 590)):
        sheet = Sheet(plan, fine=2)
        knots = [(80.0, 560.0), *((float(x), float(y)) for x, y in random.uniform([250, 150], [650, 500], (3, 2))), end]
        sheet.line(*knots, colour=(50, 110, 230), width=9)
        sheet.box((20, 20), (330, 90), "white", (190, 190, 190), 1, 10)
        sheet.text((40, 34), f"{random.integers(8, 59)} min", 30, "bold", (30, 130, 60))
        result.append(sheet.picture())
    return result


def feeds(random: np.random.Generator) -> list[Picture]:
    """Two posts in one app."""
    result = []
    for shown in (part("china.jpg", 0.2, 0.5, 400, 400, 0.6), landscape(random, 400, 400)):
        sheet = Sheet("white", 400, 780)
        sheet.text((20, 18), "photogram", 26, "italic")
        sheet.oval((40, 90), 20, tuple(int(c) for c in random.integers(40, 220, 3)))
        sheet.text((72, 80), people(random)[0].replace(" ", "_").lower(), 17, "bold")
        sheet.put(shown, (0, 124))
        sheet.text((20, 536), f"{random.integers(10, 999)} likes", 16, "bold")
        sheet.text((20, 566), "\n".join(lines(random, 3, 36)), 15)
        for icon in range(5):
            sheet.oval((40 + icon * 80, 750), 14, edge=(60, 60, 60), width=3)
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("lock-screens", lock_screens, "none", CLEAN, JPEG),
    *recipes("desktops-one-wallpaper", desktops, "none", CLEAN, JPEG),
    *recipes("inboxes", inboxes, "none", CLEAN),
    *recipes("front-pages", news_pages, "none", JPEG),
    *recipes("video-calls", calls, "none", JPEG),
    *recipes("pitch-two-moments", pitches, "variant allowed", JPEG),
    *recipes("studio-two-reports", studios, "none", JPEG),
    *recipes("rain-over-one-map", radars, "none", CLEAN, JPEG),
    *recipes("routes-through-one-town", routes, "none", CLEAN, JPEG),
    *recipes("posts-in-one-app", feeds, "none", JPEG),
)
