"""What comes to the page's doors and stays outside: each row of docs/security.md that is about the page."""

import contextlib
import http.client
import io
import os
import re
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from shared.settings import Settings
from tests.conftest import RedisServer, make_settings
from tests.web.site import AUTH, Filled, running, served
from worker.web.addresses import address
from worker.web.credentials import TOKEN_HEADER
from worker.web.doors import HEADERS, LARGEST_BODY, Doors
from worker.web.server import PatientProtocol

PLACES = (
    "/", "/live", "/clusters", "/image?path=a.png", "/failures", "/report", "/report/summary.json", "/static/web.css",
    f"/preview/320/{'0' * 64}?path=a.png", "/api/openapi.json", "/nothing",
)  # fmt: skip
KEY = {"Authorization": "Basic " + b64encode(AUTH.encode()).decode()}
SECRET = b"what nobody outside may read"


@pytest.fixture(scope="module")
def settings(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(redis_server, tmp_path_factory.mktemp("doors"))


@pytest.fixture(scope="module")
def collection(settings: Settings) -> Filled:
    found = Filled(settings)
    found.put("a.png", 0, 0, Image.new("RGB", (60, 40), (200, 30, 30)))
    (settings.watch_dir.parent / "secret").write_bytes(SECRET)
    return found


@pytest.fixture(scope="module")
def url(settings: Settings, collection: Filled) -> Iterator[str]:
    with served(settings) as address:
        yield address


def ask(
    url: str, place: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (in lower case) and body. The place goes out as it is, dots and all."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request(method, place, body, {**KEY, **(headers or {})})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def enter(url: str) -> dict[str, str]:
    """What a browser sends that has one of our pages open: its cookie, and the token on the page."""
    _, headers, body = ask(url, "/")
    token = re.search(rf'"{TOKEN_HEADER}": "(\w+)"', body.decode())
    assert token
    return {"Cookie": headers["set-cookie"].partition(";")[0], TOKEN_HEADER: token[1], "Origin": url}


@pytest.mark.parametrize("place", PLACES)
def test_nobody_comes_in_without_the_password(url: str, place: str) -> None:
    for wrong in ("", "Basic", "Basic !", "Basic " + b64encode(b"imagesieve:guess").decode(), "Bearer x"):
        status, headers, body = ask(url, place, {"Authorization": wrong})
        assert status == 401
        assert headers["www-authenticate"].startswith("Basic ")
        assert len(body) < 100


def test_health_is_told_to_anybody_and_says_nothing_else(url: str) -> None:
    assert ask(url, "/healthcheck", {"Authorization": ""})[::2] == (200, b"OK")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5558", "127.0.0.1.evil.example", "", "[", "::1:80"])
def test_a_name_of_somebody_else_s_that_leads_here_is_refused(url: str, host: str) -> None:
    for place in ("/", "/healthcheck"):
        assert ask(url, place, {"Host": host})[0] in (400, 403)


def test_our_names_are_taken_at_any_port(settings: Settings, collection: Filled) -> None:
    with served(settings.model_copy(update={"web_hosts": ("photos.example",)})) as url:
        for host in ("localhost:8080", "127.0.0.1", "[::1]:5558", "photos.example", "PHOTOS.example:443"):
            assert ask(url, "/failures", {"Host": host})[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "file://"])
def test_another_site_s_page_changes_nothing(url: str, origin: str) -> None:
    status, _, body = ask(url, "/again?path=a.png", {**enter(url), "Origin": origin}, "POST")
    assert status == 403
    assert b"another site" in body


def test_a_browser_s_word_that_another_site_asks_is_believed(url: str) -> None:
    own = enter(url)
    del own["Origin"]
    for site in ("cross-site", "same-site"):
        assert ask(url, "/again?path=a.png", {**own, "Sec-Fetch-Site": site}, "POST")[0] == 403
    assert ask(url, "/again?path=a.png", {**own, "Sec-Fetch-Site": "same-origin"}, "POST")[0] == 200


def test_a_change_needs_the_token_of_the_browser_s_own_cookie(url: str) -> None:
    one, other = enter(url), enter(url)
    assert ask(url, "/again?path=a.png", one, "POST")[0] == 200
    for headers in (
        {**one, TOKEN_HEADER: ""},
        {**one, TOKEN_HEADER: other[TOKEN_HEADER]},
        {**one, "Cookie": ""},
        {**one, "Cookie": "imagesieve="},
        {"Origin": url},
    ):
        assert ask(url, "/again?path=a.png", headers, "POST")[0] == 403


def test_a_cookie_is_kept_from_other_sites_and_from_scripts(url: str) -> None:
    _, headers, _ = ask(url, "/")
    assert headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert "set-cookie" not in ask(url, "/", {"Cookie": headers["set-cookie"].partition(";")[0]})[1]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_there_is_no_other_way_to_ask(url: str, method: str) -> None:
    assert ask(url, "/", {**enter(url)}, method)[0] == 405


@pytest.mark.parametrize("place", PLACES)
def test_every_answer_forbids_what_is_not_ours(url: str, place: str) -> None:
    if place == "/live":  # which does not end
        return
    _, headers, _ = ask(url, place)
    assert {name: headers[name] for name in HEADERS if name != "cache-control"} == {
        name: value for name, value in HEADERS.items() if name != "cache-control"
    }
    assert "'unsafe" not in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"] or "private" in headers["cache-control"]


DOTS = ("..", "%2e%2e", ".%2e", "..%2f..", "%2e%2e%2f%2e%2e", "....//")


@pytest.mark.parametrize("dots", DOTS)
def test_nothing_outside_is_reached_by_dots(url: str, settings: Settings, dots: str) -> None:
    digest = "0" * 64
    for place in (
        f"/static/{dots}/pages.py",
        f"/static/{dots}/{dots}/{dots}/pyproject.toml",
        f"/report/{dots}/flower.auth",
        f"/report/{dots}",
        f"/preview/320/{digest}?path={dots}/secret",
        f"/preview/320/{digest}?path=/etc/passwd",
        f"/preview/{dots}/{digest}?path=a.png",
        f"/{dots}/{dots}/etc/passwd",
        f"/image?path={dots}/secret",
    ):
        status, _, body = ask(url, place)
        assert status == 404, place
        assert SECRET not in body
        assert b"import" not in body
    assert ask(url, f"/again?path={dots}/secret", enter(url), "POST")[2].count(b"on its way") == 0


def test_no_link_is_followed_out_of_the_folder(url: str, settings: Settings, collection: Filled) -> None:
    outside = settings.watch_dir.parent / "outside"
    outside.mkdir()
    picture = Image.new("RGB", (64, 64), (1, 2, 3))
    digests = {name: collection.put(f"{name}/p.png", 0, 40, picture) for name in ("file", "folder")}
    for name in digests:
        there = settings.watch_dir / name / "p.png"
        state = there.stat()
        moved = there.rename(outside / f"{name}.png")  # the same bytes, the same times: only the way is another one
        if name == "file":
            there.symlink_to(moved)
        else:
            there.parent.rmdir()
            (outside / "p.png").write_bytes(moved.read_bytes())
            os.utime(outside / "p.png", ns=(state.st_atime_ns, state.st_mtime_ns))
            there.parent.symlink_to(outside)
        status, headers, _ = ask(url, address(f"/preview/1600/{digests[name]}", path=f"{name}/p.png"))
        assert (status, headers["content-type"]) == (200, "image/svg+xml")  # says that there is none
        said = ask(url, address("/again", path=f"{name}/p.png"), enter(url), "POST")[2]
        assert b"symbolic link" in said


def test_a_preview_holds_nothing_of_the_file_but_what_is_seen(url: str, collection: Filled) -> None:
    picture = Image.new("RGB", (2000, 1000), (10, 200, 30))
    place = collection.root / "said.jpg"
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    digest = collection.put("said.jpg", 0, 30, picture)
    assert digest
    picture.save(place, exif=exif)
    assert SECRET in place.read_bytes()
    changed = ask(url, address(f"/preview/1600/{digest}", path="said.jpg"))
    assert changed[1]["content-type"] == "image/svg+xml"  # it is another file than the one on record
    picture.save(place)
    digest = collection.put("said.jpg", 0, 31, picture)
    status, headers, body = ask(url, address(f"/preview/1600/{digest}", path="said.jpg"))
    assert (status, headers["content-type"], body[8:12]) == (200, "image/webp", b"WEBP")
    assert "immutable" in headers["cache-control"]
    with Image.open(io.BytesIO(body)) as shown:
        assert shown.size == (1600, 800)


def test_a_body_that_is_too_large_is_refused_before_it_comes(url: str) -> None:
    own = enter(url)
    status, headers, _ = ask(url, "/again?path=a.png", {**own, "Content-Length": str(1 << 40)}, "POST", b"x")
    assert (status, headers["connection"]) == (413, "close")


def test_a_body_that_does_not_say_how_large_it_is_is_counted(url: str) -> None:
    with talk(url, "POST /again?path=a.png", {**enter(url), "Transfer-Encoding": "chunked"}) as line:
        piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        with contextlib.suppress(OSError):  # it hangs up
            for _ in range(2 * LARGEST_BODY >> 16):
                line.sendall(piece)
        assert line.makefile("rb").readline().split()[1] == b"413"


def test_who_only_looks_cannot_decide(settings: Settings, collection: Filled) -> None:
    with served(settings.model_copy(update={"web": "read"})) as url:
        assert ask(url, "/")[0] == 200
        status, _, body = ask(url, "/again?path=a.png", enter(url), "POST")
        assert (status, b"only shows" in body) == (403, True)


def talk(url: str, line: str, headers: dict[str, str], end: bytes = b"\r\n") -> socket.socket:
    """A connection on which the head of a request was sent."""
    found = urlsplit(url)
    connection = socket.create_connection((found.hostname, found.port), timeout=20)
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": found.netloc, **KEY, **headers}.items())
    connection.sendall(f"{line} HTTP/1.1\r\n{head}".encode() + end)
    return connection


def seconds_until_hung_up(connection: socket.socket) -> float:
    began = time.monotonic()
    while connection.recv(1 << 16):
        pass
    return time.monotonic() - began


async def much(scope: Scope, receive: Receive, send: Send) -> None:
    """More than the buffers between two sockets hold; a little, where that is asked for."""
    await PlainTextResponse("x" if scope["path"] == "/little" else "x" * (64 << 20))(scope, receive, send)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that waits for half a second."""
    monkeypatch.setattr(PatientProtocol, "seconds", 0.5)
    monkeypatch.setattr(PatientProtocol, "unsent_seconds", 0.5)
    doors = Doors(much, AUTH, {"127.0.0.1"}, body_seconds=0.5, send_seconds=0.5)
    with running(doors) as url:
        yield url


def test_who_sends_no_head_is_let_go(hasty: str) -> None:
    with contextlib.ExitStack() as lines:
        silent = [lines.enter_context(talk(hasty, "GET /little", {}, end=b"")) for _ in range(30)]
        assert ask(hasty, "/little")[0] == 200  # meanwhile
        assert all(seconds_until_hung_up(connection) < 5 for connection in silent)


def test_who_dribbles_a_head_is_let_go(hasty: str) -> None:
    began = time.monotonic()
    with talk(hasty, "GET /little", {}, end=b"") as connection, contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 10:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.1)
    assert time.monotonic() - began < 5


def test_a_second_head_on_one_connection_is_not_waited_for_either(hasty: str) -> None:
    with talk(hasty, "GET /little", {}) as connection:
        answer = b""
        while not answer.endswith(b"\r\n\r\nx"):
            answer += connection.recv(1 << 16)
        connection.sendall(b"GET /little HTTP/1.1\r\n")
        assert seconds_until_hung_up(connection) < 5


def test_who_dribbles_a_body_is_told_and_let_go(hasty: str) -> None:
    with talk(hasty, "POST /api/check", {"Content-Length": "1000"}) as connection:
        connection.sendall(b"x")
        assert connection.makefile("rb").readline().split()[1] == b"408"


def test_who_does_not_take_an_answer_is_let_go(hasty: str) -> None:
    with talk(hasty, "GET /", {}) as connection:
        time.sleep(1.5)  # and takes nothing
        assert ask(hasty, "/little")[0] == 200
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                taken += len(piece)
        assert taken < 64 << 20


def test_files_of_the_page_are_only_its_own(url: str) -> None:
    own = {path.name for path in (Path(__file__).parents[2] / "worker" / "web" / "static").iterdir()}
    assert {name for name in own if ask(url, f"/static/{name}")[0] == 200} == own
