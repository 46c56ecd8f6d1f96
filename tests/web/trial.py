"""A new user's way to two hundred groups resolved, with a stopwatch: `python -m tests.web.trial`, or `make trial`.

It makes a folder of photos and textures with copies of them, starts `imagesieve up` on it, opens the page in Chromium
and goes by what stands there: headings, links, buttons, keys. A program reads faster than a person, and finds what it
was told to look for; so its seconds are the machine's. `--pictures FOLDER` has pictures of the page for the docs.
"""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from PIL import Image, ImageEnhance
from playwright.sync_api import Page, expect, sync_playwright
from tabulate import tabulate

from benchmarks.textures import make_textures
from shared.cli.demo import make_demo_folder

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
VIEWS: Final = {"overview": 900, "queue": 900, "compare": 640, "actions": 760}  # pictures, and how high
PHOTOS: Final = ("chelsea.png", "china.jpg", "coffee.png", "rocket.jpg", "flower.jpg", "astronaut.png")
LARGEST: Final = 150_000  # bytes of a picture
PATIENCE: Final = 900.0
# Pictures below the screen are not loaded, and never would be.
_LOADED: Final = """() => {
  for (const image of document.images) image.loading = "eager";
  const loaded = Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  return Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 20000))]);
}"""
SLOW: Final = 60_000  # milliseconds for what the page does


def make_folder(folder: Path, groups: int) -> None:
    """Photos, textures, and for each a copy or two: the same bytes, the same pixels, or smaller; a variant, and no
    picture."""
    with tempfile.TemporaryDirectory() as scratch:
        make_demo_folder(Path(scratch))
        photos = [Path(scratch) / name for name in PHOTOS][:groups]
        textures = make_textures(photos, Path(scratch) / "textures", max(0, groups - len(photos)), (480, 360))
        for number, path in enumerate([*photos, *textures]):
            with Image.open(path) as picture:
                is_photo = number < len(photos)
                _put_group(folder, number, picture.convert("RGB"), 2 if is_photo else number % 4, 2 if is_photo else 1)
    with Image.open(folder / _camera(0)) as picture:
        stamped = picture.convert("RGB")
    stamped.paste((230, 40, 40), (20, 20, 20 + stamped.width // 5, 20 + stamped.height // 8))
    _save(stamped, folder / "edited" / "with a stamp.jpg", 92)
    (folder / "edited" / "torn.jpg").write_bytes((folder / _camera(1)).read_bytes()[:4000])


def _put_group(folder: Path, number: int, picture: Image.Image, kind: int, scale: int) -> None:
    large = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.LANCZOS)
    camera = folder / _camera(number)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T30"
    exif.get_ifd(0x8769)[0x9003] = f"2019:07:{1 + number % 28:02} 10:{number % 60:02}:00"
    _save(large, camera, 93, exif)
    if kind in (0, 2):
        smaller = ImageEnhance.Brightness(large.resize((large.width // 2, large.height // 2))).enhance(1.1)
        _save(smaller, folder / "whatsapp" / f"IMG-2019-WA{number:04}.jpg", 70)
    if kind in (1, 2):
        copy = folder / "backup" / f"IMG_{2000 + number} (1).jpg"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(camera, copy)
    if kind == 3:
        with Image.open(camera) as decoded:
            _save(decoded.convert("RGB"), folder / "converted" / f"IMG_{2000 + number}.png")


def _camera(number: int) -> str:
    return f"camera/2019/IMG_{2000 + number}.jpg"


def _save(picture: Image.Image, path: Path, quality: int = 0, exif: Image.Exif | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **({"quality": quality} if quality else {}), **({"exif": exif} if exif else {}))


class Stopwatch:
    """Rows of a table: what was done, seconds since the start, clicks and keys."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self.rows: list[tuple[str, str, str, int, int]] = []
        self.clicks = self.keys = 0
        self._stopped = 0.0

    def pause(self) -> None:
        """What comes is not the user's way."""
        self._stopped = time.monotonic()

    def go_on(self) -> None:
        """As if it had not been."""
        aside = time.monotonic() - self._stopped
        self._began, self._last = self._began + aside, self._last + aside

    def note(self, words: str) -> None:
        """What was done since the last note."""
        now = time.monotonic()
        self.rows.append((words, f"{now - self._last:.1f}", f"{now - self._began:.0f}", self.clicks, self.keys))
        print(*self.rows[-1], sep="\t", file=sys.stderr, flush=True)
        self._last, self.clicks, self.keys = now, 0, 0


@contextmanager
def running(base: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """`imagesieve up` on the folder, from when it says where the page is: its address, user and password."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")}
    environment |= {
        "IMAGESIEVE_STATE_DIR": str(base / "state"), "IMAGESIEVE_WEIGHTS": "random", "IMAGESIEVE_WEB_PORT": "0",
        "IMAGESIEVE_FLOWER_PORT": "0", "XDG_DATA_HOME": str(base / "data"),
    }  # fmt: skip
    log = base / "said"
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "up", str(base / "photos")], env=environment, stdout=said, stderr=said
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r"page: (\S+) \(user and password: (.+)\)", log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"`imagesieve up` did not say where its page is:\n{log.read_text()}")
            time.sleep(0.1)
        user, _, password = Path(found[2]).read_text().strip().partition(":")
        yield found[1], (user, password)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


class Visitor:
    """Somebody at the page. Whatever the browser complains of is told at the end."""

    def __init__(self, page: Page, watch: Stopwatch, pictures: Path | None) -> None:
        self.page, self.watch, self._pictures = page, watch, pictures
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def click(self, role: str, name: str) -> None:
        """A link or button, by the words on it."""
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.watch.clicks += 1

    def press(self, key: str) -> None:
        """A key on the desk, and what it does."""
        self.page.evaluate("document.querySelector('#desk').firstElementChild.id = 'before'")
        self.page.keyboard.press(key)
        self.page.locator("#before").wait_for(state="detached")
        self.watch.keys += 1

    def left(self) -> int:
        """Groups, by the words above the pictures."""
        return int(self.page.inner_text("#left").split()[0].replace(",", ""))

    def take(self, name: str) -> None:
        """A picture of the page as it is, if pictures are wanted; the stopwatch stands meanwhile."""
        if self._pictures is None:
            return
        self.watch.pause()
        is_all = name == "compare"  # what differs stands below the pictures
        self.page.set_viewport_size({"width": 980 if is_all else 1180, "height": VIEWS[name]})
        self.page.evaluate(_LOADED)
        self.page.wait_for_timeout(1500)
        shot = Image.open(io.BytesIO(self.page.screenshot(full_page=is_all))).convert("RGB")
        for colours in (256, 128, 64, 32):
            out = io.BytesIO()
            shot.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() < LARGEST:
                break
        (self._pictures / f"{name}.png").write_bytes(out.getvalue())
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.watch.go_on()


def walk(visitor: Visitor, url: str) -> None:
    """From the address that `up` printed to all groups resolved, acted on, and brought back."""
    page, watch = visitor.page, visitor.watch
    page.goto(url)
    watch.note("the page is open")
    expect(page.locator("h1")).to_contain_text("are duplicates", timeout=PATIENCE * 1000)
    watch.note(f"the first report: {page.inner_text('h1')}")
    visitor.take("overview")
    visitor.click("link", "Duplicates")
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    watch.note(f"the queue: {page.inner_text('.lead')}")
    visitor.take("queue")
    visitor.click("link", "All exact at once: look at the list")
    visitor.click("button", "They may go")
    expect(page.get_by_text("Decided:")).to_be_visible()
    watch.note(f"all with the same bytes at once: {page.inner_text('#said')}")
    visitor.click("link", "the groups that are left")
    visitor.click("link", "Compare, one after another")
    groups = visitor.left()
    watch.note(f"compare: {groups} groups left")
    visitor.take("compare")
    while visitor.left():
        visitor.press("1" if "stays" in page.inner_text(".pane.left figcaption") else "2")
    watch.note(f"{groups} groups by keys: {page.inner_text('h1')}")
    visitor.press("z")
    assert visitor.left() == 1
    visitor.press("1")
    watch.note("the last one taken back, and decided again")
    visitor.click("link", "See what may go")
    visitor.click("button", "Check first, change nothing")
    expect(page.locator("#doing .speed")).to_contain_text("ended", timeout=SLOW)
    watch.note(f"checked: {page.inner_text('#doing .speed')}")
    visitor.take("actions")
    visitor.click("button", "in the trash")
    expect(page.locator("#runs-title + .card")).to_contain_text("put in the trash", timeout=2 * SLOW)
    watch.note(f"acted: {page.inner_text('#runs-title + .card tbody tr td:nth-child(2)')}")
    visitor.click("button", "Bring")
    expect(page.locator("#runs-title + .card")).to_contain_text("brought back", timeout=2 * SLOW)
    watch.note(f"brought back: {page.inner_text('#runs-title + .card tbody tr td:nth-child(3)')}")


def main(
    groups: Annotated[int, typer.Option(help="groups of copies")] = 200,
    pictures: Annotated[Path | None, typer.Option(help="a folder for pictures of the page")] = None,
) -> None:
    """Walk, and print what it took."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        raise SystemExit(f"no browser is on PATH ({', '.join(PROGRAMS)}); name its program in CHROMIUM")
    base = Path(tempfile.mkdtemp(prefix="sieve"))
    try:
        make_folder(base / "photos", groups)
        if pictures:
            pictures.mkdir(parents=True, exist_ok=True)
        watch = Stopwatch()
        with running(base) as (url, (user, password)), sync_playwright() as playwright:
            watch.note("`imagesieve up` says where the page is")
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
            )
            page = browser.new_context(
                viewport={"width": 1280, "height": 900}, http_credentials={"username": user, "password": password}
            ).new_page()
            visitor = Visitor(page, watch, pictures)
            try:
                walk(visitor, url)
            except BaseException:
                print(page.url, page.inner_text("body"), file=sys.stderr)
                raise
            finally:
                page.goto("about:blank")
                browser.close()
        heads = ("step", "seconds", "since the start", "clicks", "keys")
        print(tabulate(watch.rows, heads, tablefmt="github", disable_numparse=True))
        print(f"\nthe browser complained of: {'; '.join(visitor.complaints) or 'nothing'}")
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    typer.run(main)
