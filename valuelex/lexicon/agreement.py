"""Do the ways of asking agree? The table `mode_agreement`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.lexicon.incidence import Incidence
from valuelex.tables import frame

COMMONEST = 20
"""So many of the commonest words of each mode are compared."""

LEAST_WORDS = 3
LEAST_CLUSTERS = 5
"""With fewer respondents in both modes the interval is taken over prompts, with fewer prompts there is none."""

FloatArray = NDArray[np.float64]


def mode_agreement(data: Incidence, *, vocabulary: Sequence[str] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Return the table `mode_agreement`: for each model and all, every pair of modes.

    Compared is the share of answers that name each word. A pair with a mode that is bound to a vocabulary (closed, logprob)
    is compared over the words that both could have named: the vocabulary, or, where it is not given, the words that the bound
    modes name anywhere in the survey.

    Parameters
    ----------
    data : Incidence
        Answers and their words; only kept words are compared.
    vocabulary : sequence of str, optional
        The word types that the bound modes could name.
    level : float
        Coverage of the intervals, 0-1: jackknife over respondents (prompts where there are fewer than five of these), each left
        out in both modes, with Student's t on Fisher's z. Resampling with replacement would not do: it loses rare words, and
        the correlation falls with them.
    """
    rows: list[dict[str, Any]] = []
    modes = data.modes()
    for a, b in combinations(modes, 2):
        parts = data.of_mode(a), data.of_mode(b)
        comparable, rule = _comparable(data, parts, (a, b), vocabulary)
        for model in _models(parts):
            chosen = [part if model is None else _of_model(part, model) for part in parts]
            name = "(all)" if model is None else model
            rows.append({"model_id": name, "mode_a": a, "mode_b": b, **_compare(chosen, comparable, rule, level)})
    return frame("mode_agreement", rows)


def _models(parts: Sequence[Incidence]) -> list[str | None]:
    shared = sorted(set(parts[0].answers["model_id"]) & set(parts[1].answers["model_id"]))
    return [*shared, None] if len(shared) > 1 else [*shared]


def _of_model(part: Incidence, model: str) -> Incidence:
    return part.only((part.answers["model_id"] == model).to_numpy(dtype=bool))


def _comparable(
    data: Incidence, parts: Sequence[Incidence], modes: Sequence[str], vocabulary: Sequence[str] | None
) -> tuple[NDArray[np.bool_], str]:
    bound = [part for part, mode in zip(parts, modes, strict=True) if mode != "open"]
    if not bound:
        return data.kept, "all kept words"
    if vocabulary is not None:
        return data.kept & np.isin(
            data.words, np.array(list(vocabulary), dtype=object)
        ), "words of the declared vocabulary"
    named = np.any([part.frequencies() > 0 for part in bound], axis=0)
    return data.kept & named, "words that the bound modes name"


def _compare(parts: Sequence[Incidence], comparable: NDArray[np.bool_], rule: str, level: float) -> dict[str, Any]:
    own = [part.frequencies() for part in parts]
    words = comparable & ((own[0] > 0) | (own[1] > 0))
    n = int(words.sum())
    common = [_commonest(counts[comparable]) for counts in own]
    larger = max(len(c) for c in common)
    overlap = len(common[0] & common[1]) / larger if larger else None
    method = f"{rule}; Spearman over the words that either mode names"
    if n < LEAST_WORDS:
        return {"n_words": n, "spearman": None, "ci_low": None, "ci_high": None, "overlap": overlap, "method": method}
    sums, cluster = _by_cluster(parts, words)
    one = np.ones((1, len(sums[0][1])))
    value = float(_spearman(one, sums)[0])
    low = high = None
    if cluster:
        m = one.shape[1]
        low, high = _interval(value, _spearman(1.0 - np.eye(m), sums), level)
        said = f"jackknife over {m} {cluster} on Fisher's z"
        method += (
            f"; {said}" if low is not None else f"; no interval: no {said}, without one of them it is 1 or undefined"
        )
    else:
        method += "; no interval: fewer than five respondents and prompts in both modes"
    return {
        "n_words": n,
        "spearman": None if np.isnan(value) else min(max(value, -1.0), 1.0),
        "ci_low": low,
        "ci_high": high,
        "overlap": overlap,
        "method": method,
    }


def _interval(value: float, left_out: FloatArray, level: float) -> tuple[float | None, float | None]:
    """Jackknife interval of a correlation; none if it is one, or cannot be computed without some cluster."""
    from scipy.special import stdtrit

    if not np.isfinite(left_out).all() or max(abs(value), float(np.abs(left_out).max())) >= 1 - 1e-12:
        return None, None
    m, z = left_out.size, np.arctanh(left_out)
    se = float(np.sqrt((m - 1) / m * np.sum((z - z.mean()) ** 2)))
    width = float(stdtrit(m - 1, 0.5 + level / 2)) * se
    return float(np.tanh(np.arctanh(value) - width)), float(np.tanh(np.arctanh(value) + width))


def _commonest(counts: NDArray[np.int64]) -> set[int]:
    """The commonest words that were named; of equally common ones the first by name."""
    order = np.argsort(-counts, kind="stable")[:COMMONEST]
    return {int(i) for i in order if counts[i] > 0}


def _by_cluster(
    parts: Sequence[Incidence], words: NDArray[np.bool_]
) -> tuple[list[tuple[FloatArray, FloatArray]], str]:
    """For each mode the answers that name each word (clusters x words) and the answers, by what is resampled."""
    for column, plural in (("respondent_id", "respondents"), ("prompt_id", "prompts")):
        own = [set(part.answers[column]) for part in parts]
        if len(own[0] & own[1]) >= LEAST_CLUSTERS:
            names = pd.Index(sorted(own[0] | own[1]))
            return [_sums(part, names.get_indexer(part.answers[column]), len(names), words) for part in parts], plural
    return [_sums(part, np.zeros(len(part.answers), dtype=np.int64), 1, words) for part in parts], ""


def _sums(part: Incidence, code: NDArray[Any], n: int, words: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    from scipy import sparse

    of = np.asarray(code, dtype=np.int64)
    pick = sparse.csr_array((np.ones(of.size), (of, np.arange(of.size))), shape=(n, of.size))
    return (pick @ part.named[:, np.nonzero(words)[0]]).toarray(), np.bincount(of, minlength=n).astype(np.float64)


def _spearman(weight: FloatArray, sums: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """Rank correlation of the two modes' shares for each row of cluster weights; NaN where one of them is constant."""
    from scipy.stats import rankdata

    centred = []
    for named, answers in sums:
        total = (weight @ answers)[:, None]
        # Rounded, so that equal shares of different sums are ties.
        share = np.round(weight @ named / np.where(total > 0, total, np.nan), 12)
        rank = rankdata(np.nan_to_num(share, nan=-1.0), axis=1)
        centred.append(rank - rank.mean(axis=1, keepdims=True))
    top = np.sum(centred[0] * centred[1], axis=1)
    below = np.sqrt(np.sum(centred[0] ** 2, axis=1) * np.sum(centred[1] ** 2, axis=1))
    return np.where(below > 0, top / np.where(below > 0, below, 1.0), np.nan)
