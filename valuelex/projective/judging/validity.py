"""What the embedded judge is worth on a manual: figures that need no outside data, printed wherever its scores are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from valuelex.projective.judging.contrasts import MIDDLE
from valuelex.projective.judging.embedded import AnchorScorer


def validity(scorer: AnchorScorer) -> dict[str, Any]:
    """Return how well the embedded judge places the manual's own anchors, each left out in turn.

    Calibration and threshold are fitted to the same left-out values, so the figures are very slightly too good.
    Fillings of one template are left out together.

    Parameters
    ----------
    scorer : AnchorScorer
        The judge.

    Returns
    -------
    dict
        ``overall``: n, r with the level, mae, mae_of_the_mean (what guessing the mean level would give), auc_high_low (levels
        above 3 against levels below). ``scales``: name -> n, r, mae, applicable_share. ``applicable``: the threshold, and the
        share of own anchors, of other scales' anchors and of not-applicable examples that pass it. ``note``: what to print
        wherever the scores are. None where nothing varies.
    """
    seen = scorer.left_out
    error = np.abs(seen.predicted - seen.level)
    scales = {}
    for s, name in enumerate(scorer.scales):
        mine = seen.scale == s
        scales[name] = {
            "n": int(mine.sum()),
            "r": _correlation(seen.predicted[mine], seen.level[mine]),
            "mae": float(error[mine].mean()),
            "applicable_share": _share(seen.own[mine], scorer.threshold),
        }
    high, low = seen.predicted[seen.level > MIDDLE], seen.predicted[seen.level < MIDDLE]
    overall = {
        "n": len(seen.level),
        "r": _correlation(seen.predicted, seen.level),
        "mae": float(error.mean()),
        "mae_of_the_mean": float(np.abs(seen.level - seen.level.mean()).mean()),
        "auc_high_low": float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean()),
    }
    return {
        "judge": "embedded",
        "embedding": scorer.embedding,
        "overall": overall,
        "scales": scales,
        "applicable": {
            "threshold": scorer.threshold,
            "own_anchors": _share(seen.own, scorer.threshold),
            "other_scales_anchors": _share(seen.other, scorer.threshold),
            "not_applicable_examples": _share(seen.none, scorer.threshold),
        },
        "note": _note(overall),
    }


def _share(values: np.ndarray, threshold: float) -> float | None:
    return float(np.mean(values >= threshold)) if len(values) else None


def _correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Pearson's r, or None where one side does not vary."""
    if len(a) < 2 or np.ptp(a) < 1e-12 or np.ptp(b) < 1e-12:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _note(overall: Mapping[str, Any]) -> str:
    r = "not known" if overall["r"] is None else f"{overall['r']:.2f}"
    return (
        f"Embedded judge, the manual's anchors left out in turn: r with the anchors' level {r}, mean absolute error "
        f"{overall['mae']:.2f} (guessing the mean: {overall['mae_of_the_mean']:.2f}), AUC high against low "
        f"{overall['auc_high_low']:.2f}. Irony and figures of speech escape it, and a sentence has the same level on every "
        "scale that it bears on: read these scores as a screen, compare groups of completions rather than single ones, and "
        "add a second judge."
    )
