"""What a calibration found, in figures: recall of each edit, false alarms, and the collection's own hard pairs."""

from collections.abc import Sequence
from typing import Any, Final

from scipy.stats import beta

from shared.records import Relation
from worker.engine.matching.evidence import ChosenThreshold, Evidence, Finding, Stranger, Trial

CONFIDENCE: Final = 0.95  # of the upper bound of the false-alarm rate
WORST: Final = 5  # unrelated pairs that are named


def recalls(trials: Sequence[Trial], similarity: float) -> dict[str, Any]:
    """Shares of copies, None without any.

    Those whose original is a candidate, those that comparing tells (`verified`), both (`found`), and both as what they
    are: near copies as near, variants as variants (`right`).
    """
    told = [(trial.candidate, trial.found.relation(similarity), trial.relation) for trial in trials]
    return {
        "copies": len(trials),
        "candidates": _share([candidate for candidate, _, _ in told]),
        "verified": _share([relation is not None for _, relation, _ in told]),
        "found": _share([candidate and relation is not None for candidate, relation, _ in told]),
        "right": _share([candidate and relation is right for candidate, relation, right in told]),
    }


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def alarms(findings: Sequence[Finding], similarity: float, relation: Relation) -> dict[str, Any]:
    """Unrelated pairs that are called so, their share, and the upper bound of it."""
    accepted = sum(found.relation(similarity) is relation for found in findings)
    return {
        "accepted": accepted,
        "rate": accepted / len(findings) if findings else None,
        "upper_bound": upper_bound(accepted, len(findings)),
    }


def findings(evidence: Evidence, before: float, choice: ChosenThreshold) -> dict[str, Any]:
    """What was measured, as JSON: recalls of each edit, false alarms, and the collection's own hard pairs.

    before: the similarity in force until now.
    """
    return {
        "thresholds": {"similarity": choice.similarity},
        "before": {"similarity": before},
        "near": "strict" if evidence.whole else "usual",
        "reason": choice.reason,
        "edits": _edits(evidence.trials, choice.similarity),
        "all": recalls(evidence.trials, choice.similarity),
        "all_before": recalls(evidence.trials, before),
        **{
            f"all_{relation}": recalls([t for t in evidence.trials if t.relation is relation], choice.similarity)
            for relation in Relation
        },
        "unrelated": _unrelated(evidence, before, choice.similarity),
        "hard": _hard(evidence.strangers, choice.similarity),
        "worst": _worst(evidence, choice.similarity),
    }


def _edits(trials: Sequence[Trial], similarity: float) -> list[dict[str, Any]]:
    """Recalls of each edit, in the order of the trials."""
    by_edit: dict[tuple[str, Relation], list[Trial]] = {}
    for trial in trials:
        by_edit.setdefault((trial.edit, trial.relation), []).append(trial)
    return [
        {"edit": edit, "relation": relation.value, **recalls(those, similarity)}
        for (edit, relation), those in by_edit.items()
    ]


def _unrelated(evidence: Evidence, before: float, similarity: float) -> dict[str, Any]:
    between = evidence.between_strangers()
    return {
        "pairs": len(between),
        "comparisons": evidence.comparisons,
        "left_out": evidence.left_out,
        "confidence": CONFIDENCE,
        **{
            relation.value: {
                **alarms(between, similarity, relation),
                "accepted_before": alarms(between, before, relation)["accepted"],
            }
            for relation in Relation
        },
    }


def _hard(strangers: Sequence[Stranger], similarity: float) -> dict[str, Any]:
    """Unrelated pairs that only the pictures themselves tell apart, and what they are under either setting."""
    return {
        "pairs": sum(stranger.alike > 0 for stranger in strangers),
        **{
            name: {
                relation.value: sum(one.found(whole).relation(similarity) is relation for one in strangers)
                for relation in Relation
            }
            for name, whole in (("usual", False), ("strict", True))
        },
    }


def _worst(evidence: Evidence, similarity: float) -> list[dict[str, Any]]:
    """The most alike of the hard pairs: those that are near first, then variants, then what looked alike most often.

    By the setting in force, then by the other one.
    """
    hard = sorted((one for one in evidence.strangers if one.alike), key=lambda one: (one.path, one.other))
    hard.sort(key=lambda one: (one.found(evidence.whole).weight, one.usual.weight, one.alike), reverse=True)
    return [
        {
            "path": one.path,
            "edit": one.edit,
            "other": one.other,
            "other_edit": one.other_edit,
            "similarity": one.usual.similarity,
            "alike": one.alike,
            "usual": one.usual.relation(similarity),
            "strict": one.strict.relation(similarity),
        }
        for one in hard[:WORST]
    ]


def upper_bound(alarms: int, pairs: int) -> float:
    """The rate that `alarms` of `pairs` leave possible (Clopper and Pearson 1934, one-sided); about 3 / pairs for 0."""
    return 1.0 if alarms >= pairs else float(beta.ppf(CONFIDENCE, alarms + 1, pairs - alarms))
