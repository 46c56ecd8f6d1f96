"""What decisions of users mean for the contents that the verdict writer knows."""

from shared.decisions import Decided
from shared.store import Images
from worker.pipeline.judging.knowledge import Knowledge


def contents_apart(decided: Decided, known: Knowledge, store: Images, digest: str, pixels: str) -> frozenset[str]:
    """The contents that this one, or another one with its pixels, is apart from; those with their pixels, too.

    pixels: digest of its pixels. A round trip where something was decided.
    """
    apart = decided.apart
    others = sorted({other for one in known.alike(digest, pixels) for other in apart.get(one, ())} if apart else ())
    if not others:
        return frozenset()
    return frozenset().union(*map(known.alike, others, store.pixels(others)))


def changed_contents(before: Decided, after: Decided) -> list[str]:
    """The contents about which something else is decided now, of those apart and those chosen, in order."""
    apart = before.apart.keys() | after.apart.keys()
    chosen = before.chosen.keys() | after.chosen.keys()
    return sorted(
        {digest for digest in apart if before.apart.get(digest) != after.apart.get(digest)}
        | {digest for digest in chosen if before.chosen.get(digest) != after.chosen.get(digest)}
    )
