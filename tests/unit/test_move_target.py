"""Folders that duplicates cannot move to: what mounts show in the watched folder, and what is gone with the power."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from shared.acting.runs import Action, Phase
from shared.errors import SettingsError
from shared.filesystems import vanishing
from shared.folders import check_target
from shared.mount_table import MountTable, parse_mounts, shown_within
from tests.mounts import bind, in_own_mounts, memory, mount, overlay
from tests.unit.test_acting import Desk, png


def folders(base: Path) -> tuple[Path, Path]:
    """A watched folder, and one to move to."""
    root, target = base / "a watched one", base / "target"
    for folder in (root / "album", target / "sub"):
        folder.mkdir(parents=True)
    return root, target


def show_target(root: Path, target: Path) -> None:
    bind(target, root / "moved")


def show_the_folder_around_it(root: Path, target: Path) -> None:
    (target.parent / "around").mkdir()
    target.rename(target.parent / "around" / "target")
    bind(target.parent / "around" / "target", target)
    bind(target.parent / "around", root / "all")


def show_a_part(root: Path, target: Path) -> None:
    bind(target / "sub", root / "album")


def show_what_is_mounted_in_it(root: Path, target: Path) -> None:
    (target.parent / "else").mkdir()
    bind(target.parent / "else", root / "else")
    bind(target.parent / "else", target / "sub")


def watch_another_way(root: Path, target: Path) -> None:
    """As containers see a MOVED that lies in WATCH."""
    (root / "moved").mkdir()
    bind(root / "moved", target)
    bind(root, root.parent / "view")
    bind(root.parent / "view", root)


def show_as_lower_layer(root: Path, target: Path) -> None:
    overlay(target, root / "album", root.parent / "layers")


def show_as_upper_layer(root: Path, target: Path) -> None:
    (root.parent / "layers" / "upper").mkdir(parents=True)
    bind(root.parent / "layers" / "upper", target)
    overlay(root / "album", root / "album", root.parent / "layers")


def lay_over_the_watched_one(root: Path, target: Path) -> None:
    (target.parent / "low").mkdir()
    work = root.parent / "work"
    work.mkdir()
    mount(
        "-t", "overlay", "overlay", "-o", f"lowerdir={target.parent}/low,upperdir={root}/album,workdir={work}", target
    )


def show_the_watched_one(root: Path, target: Path) -> None:
    bind(root, target / "sub")


SHOWN = {
    show_target: ("target", "a watched one/moved"),
    show_the_folder_around_it: ("target", "a watched one/all/target"),
    show_a_part: ("a watched one/album", "target/sub"),
    show_what_is_mounted_in_it: ("target/sub", "a watched one/else"),
    watch_another_way: ("target", "a watched one/moved"),
    show_as_lower_layer: ("target", "a watched one/album"),
    show_as_upper_layer: ("target", "a watched one/album"),
    lay_over_the_watched_one: ("target", "a watched one/album"),
    show_the_watched_one: ("target/sub", "a watched one"),
}


@pytest.mark.parametrize("show", SHOWN, ids=lambda one: one.__name__)
def test_a_target_that_mounts_show_in_the_watched_folder_is_refused(
    tmp_path: Path, show: Callable[[Path, Path], None]
) -> None:
    def body() -> None:
        root, target = folders(tmp_path)
        check_target(root, str(target))
        show(root, target)
        with pytest.raises(SettingsError, match="cannot be moved to") as refused:
            check_target(root, str(target))
        one, other = (str(tmp_path / place) for place in SHOWN[show])
        assert f"by a mount {one} and {other} are one folder; name a folder elsewhere" in str(refused.value)
        assert "or unmount one of the two" in str(refused.value)

    in_own_mounts(body)


def test_a_target_that_is_not_there_yet_is_refused_for_where_it_would_be(tmp_path: Path) -> None:
    def body() -> None:
        root, target = folders(tmp_path)
        show_target(root, target)
        with pytest.raises(SettingsError, match=f"{root}/moved/not/there are one folder"):
            check_target(root, str(target / "not" / "there"))

    in_own_mounts(body)


def test_mounts_that_show_neither_in_the_other_are_no_matter(tmp_path: Path) -> None:
    def body() -> None:
        root, target = folders(tmp_path)
        for name in ("other", "inner"):
            (tmp_path / name).mkdir()
        bind(tmp_path / "other", root / "other")
        bind(tmp_path / "inner", target / "sub")
        memory(root / "ram")
        overlay(tmp_path / "other", root / "layered", tmp_path / "layers")
        bind(target, root / "hidden")
        memory(root / "hidden")  # lies over it
        check_target(root, str(target))

    in_own_mounts(body)


def test_restore_and_a_dry_run_look_for_such_mounts_again(tmp_path: Path) -> None:
    def body() -> None:
        desk = Desk(tmp_path)
        before = desk.tree()
        desk.act(Action.MOVE)
        bind(desk.target, desk.root / "moved")
        reason = desk.restore()["sub/copy.png"]
        assert "nothing was touched" in reason
        assert f"{desk.target} and {desk.root}/moved are one folder" in reason
        assert desk.phases() == [Phase.DONE]
        assert (desk.target / "sub" / "copy.png").read_bytes() == png("red")
        mount("--move", desk.root / "moved", Path("/mnt"))
        assert desk.restore() == {}
        assert desk.tree() == before

    in_own_mounts(body)


def test_a_mount_that_came_after_the_start_is_seen_by_each_run(tmp_path: Path) -> None:
    """As the policy begins one, hours after its settings were looked at."""

    def body() -> None:
        desk = Desk(tmp_path)
        before = desk.tree()
        desk.target.mkdir()
        bind(desk.target, desk.root / "moved")
        with pytest.raises(SettingsError, match="are one folder"):
            desk.act(Action.MOVE)
        assert desk.tree() == before
        assert desk.phases() == []

    in_own_mounts(body)


@pytest.mark.parametrize("kind", ["tmpfs", "ramfs"])
def test_memory_is_no_target_by_whatever_way(tmp_path: Path, kind: str) -> None:
    """An overlay keeps what is put into it where its upper layer lies."""

    def body() -> None:
        root, target = folders(tmp_path)
        (tmp_path / "ram").mkdir()
        mount("-t", kind, kind, tmp_path / "ram")
        (tmp_path / "link").symlink_to(tmp_path / "ram" / "new")
        overlay(target, tmp_path / "layered", tmp_path / "ram" / "layers")
        for folder in (tmp_path / "ram", tmp_path / "link", tmp_path / "layered" / "new"):
            with pytest.raises(SettingsError, match=f"it lies on {kind}, which is memory"):
                check_target(root, str(folder))
        overlay(target, tmp_path / "lasting", tmp_path / "disk")
        check_target(root, str(tmp_path / "lasting"))

    in_own_mounts(body)


CONTAINER = b"""\
500 400 0:50 / / rw,relatime master:9 - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u/diff,workdir=/u/work
501 500 8:1 /home/me/Pict\\040ures /watch rw,relatime - ext4 /dev/sda1 rw
502 500 8:1 /home/me/Pict\\040ures/moved /moved rw,relatime - ext4 /dev/sda1 rw
503 500 8:1 /home/me/Pictures2 /elsewhere rw,relatime - ext4 /dev/sda1 rw
504 500 8:17 /home/me/Pict\\040ures/moved /stick rw,relatime - ext4 /dev/sdb1 rw
"""


def test_a_container_sees_that_its_moved_lies_in_watch() -> None:
    table = MountTable(parse_mounts(CONTAINER))
    watched = table.views("/watch")
    assert shown_within(table.views("/moved/x"), watched) == (
        PurePosixPath("/moved/x"),
        PurePosixPath("/watch/moved/x"),
    )
    for apart in ("/elsewhere", "/stick", "/home"):
        assert shown_within(table.views(apart), watched) is None
        assert shown_within(watched, table.views(apart)) is None


def test_layers_are_read_with_all_that_may_stand_in_their_names() -> None:
    line = (
        rb"60 1 0:40 / /m rw - overlay o rw,lowerdir=/a\040b:/c\134:d::/data,lowerdir+=/e,datadir+=/f,"
        rb"upperdir=/g\134,h,workdir=/w,index=off"
    )
    [found] = parse_mounts(line)
    assert found.layers == ("/a b", "/c:d", "/data", "/e", "/f", "/g,h")
    assert found.upper == "/g,h"


def test_where_the_kernel_tells_of_no_mounts_nothing_is_refused_for_one(tmp_path: Path) -> None:
    root, target = folders(tmp_path)
    table = MountTable(())
    assert table.views(str(root)) == []
    assert vanishing(target, root) == ""
