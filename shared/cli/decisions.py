"""`imagesieve duplicates decide`: what a user says of pictures, taken back, listed, carried to another machine."""

import json as json_
import time
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from shared.acting.duplicates import ReportedDuplicate, read_duplicates
from shared.broker import make_app, request_verdicts
from shared.cli.collection_settings import settings_of_report
from shared.cli.terminal import emit, say, shown
from shared.decisions import Decision, DecisionJournal, DecisionKind, Subject, Undoing, parse_line
from shared.errors import PermanentError, SettingsError, TransientError
from shared.paths import below_root
from shared.permission import why_not
from shared.reports import latest_report
from shared.settings import Settings
from shared.wording import number_of

WORDS: Final = {
    DecisionKind.DIFFERENT: "are different pictures",
    DecisionKind.KEEP: "all stay",
    DecisionKind.KEEPER: "is the keeper",
}


class Said(StrEnum):
    """What can be said on the command line."""

    DIFFERENT = DecisionKind.DIFFERENT.value
    KEEP = DecisionKind.KEEP.value
    KEEPER = DecisionKind.KEEPER.value


def decide(
    what: Annotated[
        Said | None, typer.Argument(help="different: two files; keep: all of these; keeper: the first of these")
    ] = None,
    files: Annotated[list[Path] | None, typer.Argument(help="files of the watched folder")] = None,
    group: Annotated[int, typer.Option("--group", help="all files of this group of the newest report")] = 0,
    undo: Annotated[int, typer.Option("--undo", help="take back the decision with this number")] = 0,
    list_all: Annotated[bool, typer.Option("--list", help="list the decisions in force")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="write the decisions in force to a file")] = None,
    import_: Annotated[Path | None, typer.Option("--import", help="add the decisions in such a file")] = None,
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Say that two files are different pictures, that all of a group stay, or which file is the keeper.

    Decisions are kept in the state folder by what the files hold, so a file that is renamed or copied keeps them; no
    run and no verdict goes against them. Examples:

      imagesieve duplicates decide different a.jpg b.jpg

      imagesieve duplicates decide keep --group 3

      imagesieve duplicates decide keeper best.jpg --group 3

      imagesieve duplicates decide --undo 12
    """
    asked = [bool(what), bool(undo), list_all, export is not None, import_ is not None]
    if sum(asked) != 1:
        raise SettingsError(
            "say what is decided (different, keep or keeper, and the files), or give one of --undo, --list, --export "
            "and --import"
        )
    if (files or group) and not what:
        raise SettingsError("files and --group belong to a decision: different, keep or keeper")
    settings = settings_of_report()
    journal = DecisionJournal(settings.decisions_folder, time.time)
    if what:
        decision = journal.add(DecisionKind(what), _subjects(settings, files or [], group))
        _tell([decision], "decided", json)
        _ask_for_verdicts(settings, [decision])
    elif undo:
        before = journal.read().standing.get(undo)
        made = journal.undo(undo)
        _tell([made], "undone", json)
        _ask_for_verdicts(settings, [before] if before else [])
    elif import_:
        taken = _import(journal, import_)
        _tell(taken, "decided", json)
        _ask_for_verdicts(settings, taken)
    else:
        standing = list(journal.read().standing.values())
        _export(standing, export) if export else _tell(standing, "", json)
    for sentence in journal.unread:
        say(f"warning: {sentence}")


def _subjects(settings: Settings, files: list[Path], group: int) -> list[Subject]:
    """The files that are named, first, then those of the group; each once."""
    named = [_subject(settings, file) for file in files]
    found = read_duplicates(latest_report(settings).folder) if group else []
    ones = [one for one in found if one.group == group]
    if group and not ones:
        raise PermanentError(
            f"the newest report has no group {group}; `imagesieve duplicates list` names those that there are"
        )
    return list(dict.fromkeys([*named, *_of_group(ones)]))


def _of_group(ones: list[ReportedDuplicate]) -> list[Subject]:
    keepers = [Subject(one.keeper_digest, one.keeper) for one in ones[:1]]
    return keepers + [Subject(one.digest, one.path) for one in ones]


def _subject(settings: Settings, file: Path) -> Subject:
    try:
        path = below_root(str(file), settings.watch_dir)
        with (settings.watch_dir / path).open("rb") as opened:
            return Subject(file_digest(opened, "sha256").hexdigest(), path)
    except ValueError as error:
        raise SettingsError(f"{str(file)!a} cannot be decided on: {error} ({settings.watch_dir})") from error
    except OSError as error:
        raise PermanentError(f"{str(file)!a} cannot be read: {why_not(error)}; nothing was decided") from error


def _ask_for_verdicts(settings: Settings, decisions: list[Decision]) -> None:
    """Let the verdict writer look at these files now, where one runs; else it sees to them when it starts."""
    paths = list(dict.fromkeys(one.path for decision in decisions for one in decision.files))
    with suppress(TransientError):
        request_verdicts(make_app(settings), paths)


def _tell(lines: list[Any], done: str, json: bool) -> None:
    if json:
        emit([one.to_line() for one in lines])
        return
    if not lines and not done:
        print("no decisions are in force")
    for one in lines:
        print(_sentence(one), flush=True)


def _sentence(line: Decision | Undoing) -> str:
    if isinstance(line, Undoing):
        return f"decision {line.of} is no longer in force"
    at = datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%d %H:%M")
    names = [shown(one.path) for one in line.files]
    if line.kind is DecisionKind.KEEPER:
        others = f"; beside it {', '.join(names[1:])}" if names[1:] else ""
        return f"{line.number}  {at}  {names[0]} {WORDS[line.kind]}{others}"
    return f"{line.number}  {at}  {', '.join(names[:-1])} and {names[-1]} {WORDS[line.kind]}"


def _export(decisions: list[Decision], file: Path) -> None:
    text = "".join(json_.dumps(one.to_line()) + "\n" for one in decisions)
    try:
        with file.open("x", encoding="ascii") as out:
            out.write(text)
    except OSError as error:
        raise PermanentError(f"{file} cannot be written: {why_not(error)}; name another file") from error
    are = "is" if len(decisions) == 1 else "are"
    say(f"{number_of(len(decisions), 'decision')} {are} in {file}; `imagesieve duplicates decide --import` reads it")


def _import(journal: DecisionJournal, file: Path) -> list[Decision]:
    """The decisions of the file that were not made here already, added all together or not at all."""
    known = {(one.kind, one.files) for one in journal.read().standing.values()}
    new = []
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = why_not(error) if isinstance(error, OSError) else "it was not written by --export"
        raise PermanentError(f"{file} cannot be read: {why}; nothing was decided") from error
    for place, line in enumerate(lines, start=1):
        try:
            parsed = parse_line(json_.loads(line))
        except ValueError as error:
            raise PermanentError(f"line {place} of {file} is no decision: {error}; nothing was decided") from error
        if isinstance(parsed, Decision) and (parsed.kind, parsed.files) not in known:
            known.add((parsed.kind, parsed.files))
            new.append((parsed.kind, parsed.files))
    return journal.add_all(new) if new else []
