"""Files in the order of keepers, as a recluster run ranks them: with the companions that the collection knows."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from shared.decisions import UNDECIDED, Decided
from shared.store import Files
from worker.engine.companions.families import Kin, Seen, count_companions
from worker.engine.groups.decided import rank_chosen_first
from worker.engine.groups.keepers import Ranking
from worker.pipeline.comparison import File
from worker.pipeline.judging.knowledge import RECORDS_AT_ONCE
from worker.pipeline.members import member_of


def rank_files(
    files: Sequence[File], rank: Ranking, known: Iterable[str], store: Files, decided: Decided = UNDECIDED
) -> list[File]:
    """The files, the one that stays first. known: paths of the collection. decided: by users.

    They are looked through only where companions may decide.
    """
    members = {file.path: member_of(file.path, file.record) for file in files}
    contested = rank.contested(members.values())
    complete = rank.knowing(count_companions(_seen_beside(contested, known, store), contested))
    order = rank_chosen_first(complete, decided)
    return sorted(files, key=lambda file: order(members[file.path]))


def _seen_beside(paths: Collection[str], known: Iterable[str], store: Files) -> Iterator[Seen]:
    """Those of the known files in the folders of these that have a name in common with one of them."""
    kin = Kin(paths)
    found = [path for path in known if path in kin] if paths else []
    for start in range(0, len(found), RECORDS_AT_ONCE):
        part = found[start : start + RECORDS_AT_ONCE]
        for path, record in zip(part, store.records(part), strict=True):
            if record:
                yield path, record.size, record.mtime_ns
