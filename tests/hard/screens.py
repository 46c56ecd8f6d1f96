"""Screens of programs: the frame is the same, what it shows is not."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, JPEG, PHOTOGRAPHED
from tests.hard.nature import landscape, part
from tests.hard.paint import Sheet
from tests.hard.words import GOODS, digits, lines, money, other_digit, people, sentence, two

GREY: Final = (120, 124, 130)


def dashboards(random: np.random.Generator) -> list[Picture]:
    """One number is another."""
    curves = random.normal(0, 1, (6, 60)).cumsum(1)
    numbers = [f"{random.integers(1000, 9999)}" for _ in range(6)]
    other = [*numbers[:4], other_digit(numbers[4], 1), *numbers[5:]]
    return [_dashboard(curves, numbers), _dashboard(curves, other)]


def _dashboard(curves: np.ndarray, numbers: list[str]) -> Picture:
    sheet = Sheet((244, 246, 250), 1280, 720)
    sheet.box((0, 0), (1280, 40), (40, 55, 90))
    sheet.text((20, 10), "Operations overview", 16, "bold", "white")
    for number, (curve, value) in enumerate(zip(curves, numbers, strict=True)):
        left, top = 20 + number % 3 * 420, 60 + number // 3 * 330
        sheet.box((left, top), (left + 400, top + 310), "white", (220, 224, 230))
        sheet.text((left + 14, top + 12), ("Orders", "Visits", "Errors", "Latency", "Revenue", "Returns")[number], 13)
        sheet.text((left + 386, top + 12), value, 14, "bold", anchor="ra")
        level = (curve - curve.min()) / np.ptp(curve)
        points = [(left + 20 + step * 6.1, top + 280 - high * 220) for step, high in enumerate(level)]
        sheet.line(*points, colour=(60, 110, 200), width=2)
    return sheet.picture()


def spreadsheets(random: np.random.Generator) -> list[Picture]:
    """One cell is another."""
    cells = [[digits(random, 4) for _ in range(12)] for _ in range(26)]
    other = [list(row) for row in cells]
    other[11][5] = other_digit(cells[11][5], 1)
    return [_spreadsheet(cells), _spreadsheet(other)]


def _spreadsheet(cells: list[list[str]]) -> Picture:
    sheet = Sheet("white", 1200, 720)
    sheet.box((0, 0), (1200, 44), (235, 238, 240))
    for column in range(12):
        sheet.text((110 + column * 92, 22), "ABCDEFGHIJKL"[column], 14, "bold", anchor="mm")
        sheet.line((62 + column * 92, 0), (62 + column * 92, 720), colour=(210, 212, 215))
    for row, values in enumerate(cells):
        sheet.text((40, 58 + row * 26), f"{row + 1}", 13, colour=GREY, anchor="mm")
        sheet.line((0, 44 + row * 26), (1200, 44 + row * 26), colour=(210, 212, 215))
        for column, value in enumerate(values):
            sheet.text((146 + column * 92, 50 + row * 26), value, 13, anchor="ra")
    return sheet.picture()


def chats(random: np.random.Generator) -> list[Picture]:
    """Two moments of a chat over one wallpaper: all messages differ."""
    wallpaper = part("china.jpg", 0.2, 0.5, 420, 760, 0.4)
    return [_chat(random, wallpaper) for _ in range(2)]


def chats_on_a_pattern(random: np.random.Generator) -> list[Picture]:
    """The same over a drawn pattern, as the programs bring it."""
    sheet = Sheet((226, 218, 204), 420, 760)
    for _ in range(160):
        x, y = random.uniform(0, 420), random.uniform(0, 760)
        sheet.oval((x, y), random.uniform(4, 12), edge=(208, 198, 180), width=2)
    wallpaper = sheet.picture()
    return [_chat(random, wallpaper) for _ in range(2)]


def _chat(random: np.random.Generator, wallpaper: Picture) -> Picture:
    sheet = Sheet(wallpaper)
    sheet.box((0, 0), (420, 62), (20, 95, 85))
    sheet.oval((40, 31), 20, (230, 200, 120))
    sheet.text((74, 20), "Family group", 18, "bold", "white")
    for row in range(7):
        words, mine = "\n".join(lines(random, 2, int(random.integers(10, 24)))), bool(row % 2)
        left = 130 if mine else 14
        sheet.box((left, 84 + row * 84), (left + 276, 152 + row * 84), (214, 246, 200) if mine else "white", round_=10)
        sheet.text((left + 14, 92 + row * 84), words, 16)
        sheet.text((left + 262, 134 + row * 84), f"1{row}:{random.integers(10, 59)}", 11, colour=GREY, anchor="ra")
    sheet.box((10, 700), (410, 746), "white", round_=20)
    return sheet.picture()


def editors(random: np.random.Generator) -> list[Picture]:
    """Two files in one code editor."""
    return [_editor(random, name) for name in two(random, ["orders.py", "users.py", "tasks.py", "views.py"])]


def _editor(random: np.random.Generator, name: str) -> Picture:
    sheet = Sheet((30, 32, 38), 1200, 700)
    sheet.box((0, 0), (220, 700), (40, 42, 50))
    for row in range(14):
        sheet.text((24, 50 + row * 26), f"module_{row}.py", 14, colour=(150, 155, 165))
    sheet.box((220, 0), (1200, 34), (48, 50, 58))
    sheet.text((240, 8), name, 14, colour="white")
    for row in range(25):
        top, words = 48 + row * 25, lines(random, 1, int(random.integers(8, 46)))[0].split()
        sheet.text((262, top), f"{row + 1}", 14, "mono", GREY, "ra")
        left = 280 + 34 * int(random.integers(0, 4))
        for number, word in enumerate(words):
            colour = ((200, 130, 200), (220, 220, 220), (140, 200, 130), (110, 170, 230))[number % 4]
            sheet.text((left, top), word, 15, "mono", colour)
            left += 9 * (len(word) + 1)
    return sheet.picture()


def terminals(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        sheet = Sheet("black", 900, 560)
        for row, line in enumerate(lines(random, 24, 70)):
            sheet.text((12, 10 + row * 22), f"user@host:~$ {line}", 15, "mono", (200, 220, 200))
        result.append(sheet.picture())
    return result


def shop_pages(random: np.random.Generator) -> list[Picture]:
    """Two products of one web shop."""
    return [_shop_page(random, part(name, *where, 360, 360)) for name, where in
            (("china.jpg", (0.1, 0.6)), ("flower.jpg", (0.4, 0.4)))]  # fmt: skip


def _shop_page(random: np.random.Generator, product: Picture) -> Picture:
    sheet = Sheet("white", 1200, 760)
    sheet.box((0, 0), (1200, 60), (20, 24, 32))
    sheet.text((30, 16), "northwind.shop", 26, "bold", (250, 180, 60))
    sheet.box((300, 14), (900, 46), "white", round_=6)
    for number, word in enumerate(("Home", "Garden", "Kitchen", "Toys", "Books", "Sale")):
        sheet.text((30 + number * 110, 78), word, 15, colour=(60, 60, 60))
    sheet.put(product, (40, 130))
    sheet.text((450, 130), sentence(random, 5), 26, "bold")
    sheet.text((450, 200), "\n".join(lines(random, 5, 60)), 16)
    sheet.text((450, 390), f"{money(random, 300)} EUR", 34, "bold", (180, 30, 30))
    sheet.box((450, 450), (690, 500), (250, 180, 60), round_=8)
    sheet.text((570, 475), "Add to basket", 18, "bold", anchor="mm")
    sheet.text((40, 560), "Customers also looked at", 20, "bold")
    for number in range(6):
        sheet.box((40 + number * 190, 600), (210 + number * 190, 740), (232, 234, 238))
    return sheet.picture()


def settings(random: np.random.Generator) -> list[Picture]:
    """One switch is thrown."""
    states = [bool(state) for state in random.integers(0, 2, 9)]
    thrown = [state != (row == 4) for row, state in enumerate(states)]
    return [_settings(states), _settings(thrown)]


def _settings(states: list[bool]) -> Picture:
    sheet = Sheet((242, 242, 247), 480, 860)
    sheet.text((24, 40), "Settings", 36, "bold")
    words = ("Notifications", "Location", "Bluetooth", "Dark mode", "Backup", "Sounds", "Updates", "Roaming", "Sync")
    for row, (word, state) in enumerate(zip(words, states, strict=True)):
        top = 120 + row * 76
        sheet.box((16, top), (464, top + 64), "white", round_=12)
        sheet.text((36, top + 20), word, 20)
        sheet.box((384, top + 16), (444, top + 48), (60, 190, 90) if state else (200, 200, 205), round_=16)
        sheet.oval((428 if state else 400, top + 32), 13, "white")
    return sheet.picture()


def logins(random: np.random.Generator) -> list[Picture]:
    """Two pages of one service: who is asked, and for what."""
    result = []
    for title, person in zip(("Sign in", "Reset your password"), people(random), strict=True):
        sheet = Sheet((236, 240, 246), 1000, 640)
        sheet.box((300, 90), (700, 550), "white", (215, 220, 228), round_=10)
        sheet.oval((500, 150), 30, (40, 110, 200))
        sheet.text((500, 215), title, 26, "bold", anchor="mm")
        for row, word in enumerate((person.replace(" ", ".").lower(), "." * int(random.integers(6, 14)))):
            sheet.box((340, 260 + row * 80), (660, 310 + row * 80), edge=(190, 195, 205), round_=6)
            sheet.text((356, 274 + row * 80), word, 18)
        sheet.box((340, 440), (660, 490), (40, 110, 200), round_=6)
        sheet.text((500, 465), "Go on", 18, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def file_lists(random: np.random.Generator) -> list[Picture]:
    """Two folders in one file manager."""
    result = []
    for _ in range(2):
        sheet = Sheet("white", 1000, 620)
        sheet.box((0, 0), (1000, 50), (238, 240, 243))
        sheet.text((20, 14), "Files", 18, "bold")
        for row in range(19):
            top = 62 + row * 29
            sheet.box((20, top), (42, top + 18), (250, 200, 90), round_=3)
            sheet.text((56, top), "-".join(random.choice(GOODS, 2)).replace(" ", "_").lower(), 15)
            sheet.text((640, top), f"{random.integers(1, 28)} May 2023", 14, colour=GREY)
            sheet.text((970, top), f"{digits(random, 3)} KB", 14, colour=GREY, anchor="ra")
        result.append(sheet.picture())
    return result


def games(random: np.random.Generator) -> list[Picture]:
    """One scene of a game with two scores."""
    scene = landscape(random, 960, 540)
    result = []
    for score, lives in ((digits(random, 5), 3), (digits(random, 5), 1)):
        sheet = Sheet(scene)
        sheet.text((30, 20), f"SCORE {score}", 34, "bold", (255, 230, 80))
        for life in range(lives):
            sheet.oval((790 + life * 56, 42), 20, (220, 40, 50))
        sheet.box((30, 490), (30 + lives * 90, 512), (80, 220, 90))
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("dashboards-one-number", dashboards, "none", CLEAN, JPEG, PHOTOGRAPHED),
    *recipes("spreadsheets-one-cell", spreadsheets, "none", CLEAN, JPEG),
    *recipes("chats-over-a-photo", chats, "none", CLEAN, JPEG),
    *recipes("chats-over-a-pattern", chats_on_a_pattern, "none", CLEAN, JPEG),
    *recipes("code-editors", editors, "none", CLEAN, JPEG),
    *recipes("terminals", terminals, "none", CLEAN, JPEG),
    *recipes("shop-pages", shop_pages, "none", CLEAN, JPEG),
    *recipes("settings-one-switch", settings, "none", CLEAN, JPEG),
    *recipes("login-pages", logins, "none", CLEAN, JPEG),
    *recipes("file-lists", file_lists, "none", CLEAN),
    *recipes("game-scores", games, "variant allowed", JPEG),
)
