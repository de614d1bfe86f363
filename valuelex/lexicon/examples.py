"""Does a few-shot frame put words into a model's mouth? The table `example_effect`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.lexicon.incidence import Incidence
from valuelex.lexicon.items import read_item
from valuelex.lexicon.normalise import ValueLexicon
from valuelex.psychometrics import variance_components
from valuelex.tables import frame

FloatArray = NDArray[np.float64]

METHOD = (
    "words shown by some sets and not by others; rates weighted by how often each word was shown; percentile bootstrap over "
    "{m} pairs of respondent and prompt, {n} draws"
)


def example_effect(
    data: Incidence,
    examples: Mapping[str, Sequence[str]] | None,
    lexicon: ValueLexicon,
    *,
    seed: int = 0,
    n_boot: int = 500,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the table `example_effect`: for each model that was shown examples, and for all.

    A word's rate among answers that saw it as an example is set against its rate among answers that saw another set. A word
    counts as named whether or not it counts as a value: examples should be none.

    Parameters
    ----------
    data : Incidence
        Answers and their words; those without an example set are left out.
    examples : mapping of str -> sequence of str, optional
        The words of each example set, by its id.
    lexicon : ValueLexicon
        Brings an example to its word type.
    seed : int
        Of the bootstrap.
    n_boot : int
        Replicates.
    level : float
        Coverage of the intervals, 0-1.
    """
    shown = data.answers["examples"]
    if not examples or not shown.notna().any():
        return frame("example_effect", [])
    part = data.only((shown.notna() & shown.isin(list(examples))).to_numpy(dtype=bool))
    sets = {name: word_types(words, lexicon) for name, words in examples.items()}
    rows = [
        {"model_id": model, **_effect(part.only(chosen), sets, seed, n_boot, level)} for model, chosen in part.groups()
    ]
    return frame("example_effect", rows)


def word_types(words: Sequence[str], lexicon: ValueLexicon) -> set[str]:
    """The word types that given words are read as."""
    found = (read_item(word, lexicon) for word in words)
    return {reading.word for reading in found if reading is not None and reading.word is not None}


def _effect(part: Incidence, sets: Mapping[str, set[str]], seed: int, n_boot: int, level: float) -> dict[str, Any]:
    used = sorted(set(part.answers["examples"]))
    everywhere = set.intersection(*(sets[name] for name in used)) if used else set()
    rotated = sorted(set().union(*(sets[name] for name in used)) - everywhere)
    empty = {"rate_shown": None, "rate_hidden": None, "difference": None, "ci_low": None, "ci_high": None}
    if len(used) < 2 or not rotated:
        why = "one example set" if len(used) < 2 else "the sets hold the same words"
        return {"n_shown": 0, **empty, "share": None, "method": f"not estimated: {why}"}
    names = part.answers["examples"].to_numpy(dtype=object)
    is_shown = np.array([[word in sets[name] for word in rotated] for name in used])[
        np.searchsorted(used, names.astype(str))
    ]
    named = _named(part, rotated)
    pair = part.answers["respondent_id"].astype(str) + "\0" + part.answers["prompt_id"].astype(str)
    cluster, m = pd.factorize(pair)[0], pair.nunique()
    sums = [_per_cluster(cluster, m, block) for block in (named * is_shown, is_shown, named * ~is_shown, ~is_shown)]
    shown, hidden = (float(value[0]) for value in _rates(np.ones((1, m)), sums))
    low = high = None
    if m >= 2:
        rng = np.random.default_rng(np.random.SeedSequence([seed, m]))
        weight = rng.multinomial(m, np.full(m, 1 / m), size=n_boot).astype(np.float64)
        drawn = np.subtract(*_rates(weight, sums))
        tail = (1 - level) / 2
        low, high = (float(q) for q in np.quantile(drawn, [tail, 1 - tail]))
    return {
        "n_shown": int(is_shown.sum()),
        "rate_shown": shown,
        "rate_hidden": hidden,
        "difference": shown - hidden,
        "ci_low": low,
        "ci_high": high,
        "share": _share(part),
        "method": METHOD.format(m=m, n=n_boot),
    }


def _named(part: Incidence, words: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each answer names each of the words."""
    out = np.zeros((len(part.answers), len(words)), dtype=bool)
    at = np.searchsorted(part.words, np.array(words, dtype=object))
    for j, (i, word) in enumerate(zip(at, words, strict=True)):
        if i < part.words.size and part.words[i] == word:
            out[:, j] = part.named[:, [int(i)]].toarray().ravel() > 0
    return out


def _per_cluster(cluster: NDArray[Any], m: int, block: NDArray[np.bool_]) -> FloatArray:
    return np.column_stack([np.bincount(cluster, weights=block[:, j], minlength=m) for j in range(block.shape[1])])


def _rates(weight: FloatArray, sums: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Rate of the words where shown, and of the same words, in the same proportions, where not."""
    k_shown, n_shown, k_hidden, n_hidden = (weight @ block for block in sums)
    usable = (n_shown > 0) & (n_hidden > 0)
    wanted = n_shown * usable
    total = np.maximum(wanted.sum(axis=1), 1.0)
    shown = np.sum(k_shown * usable, axis=1) / total
    hidden = np.sum(wanted * k_hidden / np.where(n_hidden > 0, n_hidden, 1.0), axis=1) / total
    return shown, hidden


def _share(part: Incidence) -> float | None:
    """Variance share of the example set beside respondent and prompt."""
    factors = part.answers[["respondent_id", "prompt_id", "examples"]].astype(str)
    effects = {"respondent": ("respondent_id",), "prompt": ("prompt_id",), "examples": ("examples",)}
    words = np.nonzero(part.kept)[0]
    if len(factors) < 2 or not words.size:
        return None
    share = variance_components(part.named[:, words], factors, effects).components["share"].to_dict()["examples"]
    return None if np.isnan(share) else float(share)
