"""Is it a value? What every judge says of every word type (`value_filter`), and how far judges agree (`filter_agreement`)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.lexicon.classifier import ValueClassifier
from valuelex.lexicon.normalise import ValueLexicon
from valuelex.psychometrics import cohen_kappa, krippendorff_alpha
from valuelex.tables import frame

LEXICON, EMBEDDING = "lexicon", "embedding"
VALUE, NO_VALUE, UNREAD = "value", "no value", "unreadable"
BOOTSTRAP = 500

Verdict = tuple[str, float | None]


def value_filter(
    words: Mapping[str, bool],
    lexicon: ValueLexicon,
    classifier: ValueClassifier | None,
    asked: Mapping[str, Mapping[str, Verdict]] | None = None,
) -> pd.DataFrame:
    """Return the table `value_filter`: one row per word type and judge, in the order of the words.

    Parameters
    ----------
    words : mapping of str -> bool
        Word types, and whether they count in the end (before rare ones are set aside).
    lexicon : ValueLexicon
        The first judge: what it holds is a value.
    classifier : ValueClassifier, optional
        The second: by embedding. Of a word that it was fitted to it says what it would without that word.
    asked : mapping, optional
        Further judges: id -> word -> verdict and score.
    """
    judges: dict[str, Mapping[str, Verdict]] = {
        LEXICON: {word: (VALUE if word in lexicon.glosses else NO_VALUE, None) for word in words}
    }
    if classifier is not None:
        found = classifier.judge(list(words))
        judges[EMBEDDING] = {word: (VALUE if kept else NO_VALUE, score) for word, (kept, score, _) in found.items()}
    judges |= asked or {}
    return frame(
        "value_filter",
        [
            {"word": word, "judge": name, "verdict": said[word][0], "score": said[word][1], "kept": kept}
            for word, kept in words.items()
            for name, said in judges.items()
            if word in said
        ],
    )


def filter_agreement(verdicts: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Return the table `filter_agreement`: every pair of judges, then all of them together where there are more than two.

    Cohen's kappa with its normal interval (pairs) and Krippendorff's nominal alpha with a bootstrap interval over words.

    Parameters
    ----------
    verdicts : DataFrame
        The table `value_filter`; what could not be read counts as not judged.
    seed : int
        Of the bootstrap.
    """
    read = verdicts[verdicts["verdict"] != UNREAD]
    if read.empty:
        return frame("filter_agreement", [])
    wide = read.pivot(index="word", columns="judge", values="verdict").astype(object)
    wide = wide.where(wide.notna(), None)
    names = [name for name in verdicts["judge"].drop_duplicates() if name in wide.columns]
    groups: list[tuple[str, ...]] = list(combinations(names, 2))
    if len(names) > 2:
        groups.append(tuple(names))
    return frame("filter_agreement", [_agreement(wide[list(group)], group, seed) for group in groups])


def _agreement(ratings: pd.DataFrame, names: tuple[str, ...], seed: int) -> dict[str, Any]:
    both = ratings.dropna()
    same = both.nunique(axis=1) == 1
    row: dict[str, Any] = {
        "judges": " x ".join(names),
        "n_words": len(both),
        "observed": float(same.mean()) if len(both) else None,
        **dict.fromkeys(("kappa", "kappa_low", "kappa_high", "alpha", "alpha_low", "alpha_high")),
    }
    try:
        if len(names) == 2:
            kappa = cohen_kappa(both)
            row |= {"kappa": kappa.kappa, "kappa_low": kappa.ci_low, "kappa_high": kappa.ci_high}
        alpha = krippendorff_alpha(both, "nominal", n_boot=BOOTSTRAP, seed=seed)
        row |= {"alpha": alpha.alpha, "alpha_low": alpha.ci_low, "alpha_high": alpha.ci_high}
        row["method"] = f"Cohen's kappa; Krippendorff's nominal alpha, {BOOTSTRAP} resamples of words, seed {seed}"
    except DataError as error:
        row["method"] = f"not estimated: {error.what}"
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
