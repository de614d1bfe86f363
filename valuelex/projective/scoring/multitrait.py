"""The multitrait-multimethod matrix (Campbell & Fiske, 1959): the same values by other means, over models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from valuelex.projective.scoring.reliability import LEAST_OF_MODELS
from valuelex.tables import frame

WORDS = "elicited words"
METHOD = "Pearson over models; percentile bootstrap over models"


def word_shares(words: pd.DataFrame, place_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the share of each model's kept words that falls on each dimension, models x dimensions.

    Shares of one model add up to at most 1: a word that has no place counts below the line alone.

    Parameters
    ----------
    words : DataFrame
        The table of that name.
    place_of : mapping
        Word -> dimension.
    """
    kept = words[words["kept"].fillna(False).astype(bool) & words["word"].notna()]
    place = kept["word"].astype(str).map(place_of)
    counts = pd.crosstab(kept["model_id"].astype(str), place)
    return counts.div(kept.groupby(kept["model_id"].astype(str)).size(), axis=0).fillna(0.0)


def places(assignments: pd.DataFrame | None, crosswalk: pd.DataFrame | None, scales: set[str]) -> dict[str, str]:
    """Return word -> scale, from the study's own dimensions or from the crosswalk's system that names most of the scales.

    Empty where neither knows the scales.
    """
    if assignments is not None:
        for column in ("dimension", "subdimension"):
            placed = assignments[assignments[column].isin(scales)]
            if placed[column].nunique() > 1:
                return dict(zip(placed["word"].astype(str), placed[column].astype(str), strict=True))
    if crosswalk is None:
        return {}
    known = crosswalk[crosswalk["category"].isin(scales)]
    if known.empty or known["category"].nunique() < 2:
        return {}
    system = known.groupby("system")["category"].nunique().sort_values(kind="stable").index[-1]
    best = (
        known[known["system"] == system]
        .sort_values("confidence", ascending=False, kind="stable")
        .drop_duplicates("word")
    )
    return dict(zip(best["word"].astype(str), best["category"].astype(str), strict=True))


def multitrait(
    ratings: pd.DataFrame,
    shares: pd.DataFrame | None,
    *,
    draws: int,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table `multitrait` and what it comes to.

    Methods are the elicited words and the forms A and B; where there are several judges, also each judge, in a matrix of
    its own with the words, since forms and judges score the same completions.

    Parameters
    ----------
    ratings : DataFrame
        What `long_ratings` gives, at the level of dimensions.
    shares : DataFrame or None
        What `word_shares` gives; None where the study has no words.
    draws, level, seed
        Of the bootstrap.
    """
    means = ratings.dropna(subset=["score"])
    families: dict[str, dict[str, pd.DataFrame]] = {"forms": {}, "judges": {}}
    for form, part in means.groupby("form", sort=True):
        families["forms"][f"form {form}"] = _means(part)
    if means["judge"].nunique() > 1:
        for judge, part in means.groupby("judge", sort=True):
            families["judges"][f"judge {judge}"] = _means(part)
    rows: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    for family, methods in families.items():
        if shares is not None and methods:
            methods[WORDS] = shares
        if len(methods) < 2:
            told[family] = _nothing("Needs two methods: words beside the test, two forms, or two judges.")
            continue
        more, told[family] = _matrix(family, methods, draws, level, seed)
        rows += more
    return frame("multitrait", rows), told


def _means(part: pd.DataFrame) -> pd.DataFrame:
    by_stem = part.groupby(["model", "dimension", "stem"])["score"].mean()
    return by_stem.groupby(["model", "dimension"]).mean().unstack("dimension")


def _nothing(reason: str) -> dict[str, Any]:
    return {"convergent": None, "convergent_ci": None, "discriminant": None, "difference_ci": None, "reason": reason}


def _matrix(
    family: str, methods: Mapping[str, pd.DataFrame], draws: int, level: float, seed: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    traits = sorted(set.intersection(*(set(map(str, table.columns)) for table in methods.values())))
    if len(traits) < 2:
        return [], _nothing(f"{len(traits)} dimension(s) were measured by every method; two are needed.")
    data = pd.concat({name: table[traits] for name, table in methods.items()}, axis=1).dropna()
    if len(data) < LEAST_OF_MODELS:
        return [], _nothing(f"{len(data)} models were measured by every method; at least {LEAST_OF_MODELS} are needed.")
    X = data.to_numpy(dtype=np.float64)
    columns = [(str(column[0]), str(column[1])) for column in data.columns]
    if (X.std(axis=0) < 1e-12).any():
        flat = next(c for c, s in zip(columns, X.std(axis=0), strict=True) if s < 1e-12)
        return [], _nothing(f"The models do not differ on {flat[1]} by {flat[0]}.")
    R = np.corrcoef(X, rowvar=False)
    rng = np.random.default_rng(seed)
    boots = []
    for _ in range(draws):
        drawn = X[rng.integers(0, len(X), len(X))]
        if (drawn.std(axis=0) > 1e-12).all():
            boots.append(np.corrcoef(drawn, rowvar=False))
    stacked = np.array(boots) if len(boots) > 1 else None
    tails = [0.5 - level / 2, 0.5 + level / 2]
    limits = None if stacked is None else np.quantile(stacked, tails, axis=0)
    rows = []
    kinds = {}
    for i in range(len(columns)):
        for j in range(i + 1, len(columns)):
            kind = _kind(columns[i], columns[j])
            kinds[i, j] = kind
            rows.append(
                {
                    "family": family,
                    "method_1": columns[i][0],
                    "dimension_1": columns[i][1],
                    "method_2": columns[j][0],
                    "dimension_2": columns[j][1],
                    "kind": kind,
                    "r": float(R[i, j]),
                    "ci_low": None if limits is None else float(limits[0][i, j]),
                    "ci_high": None if limits is None else float(limits[1][i, j]),
                    "n_models": len(X),
                    "method": METHOD if limits is not None else "Pearson over models",
                }
            )
    if WORDS in methods:
        # Two forms, and two judges, score the same test: that they agree does not say that words and test do.
        kinds = {(i, j): kind for (i, j), kind in kinds.items() if WORDS in (columns[i][0], columns[j][0])}
    return rows, _coefficients(R, stacked, kinds, len(X), tails) | _campbell_fiske(R, columns, kinds)


def _kind(one: tuple[str, str], other: tuple[str, str]) -> str:
    if one[1] == other[1]:
        return "convergent"
    return "heterotrait-monomethod" if one[0] == other[0] else "heterotrait-heteromethod"


def _coefficients(
    R: np.ndarray[Any, Any],
    stacked: np.ndarray[Any, Any] | None,
    kinds: Mapping[tuple[int, int], str],
    n: int,
    tails: list[float],
) -> dict[str, Any]:
    """Means of the convergent and of the discriminant (other trait, other method) correlations, and of their difference.

    Where there are words, of those between words and test alone.
    """

    def mean(matrices: np.ndarray[Any, Any], kind: str) -> Any:
        return np.mean([matrices[..., i, j] for (i, j), one in kinds.items() if one == kind], axis=0)

    found: dict[str, Any] = {
        "convergent": float(mean(R, "convergent")),
        "discriminant": float(mean(R, "heterotrait-heteromethod")),
        "same_method": float(mean(R, "heterotrait-monomethod")),
        "convergent_ci": None,
        "difference_ci": None,
        "n_models": n,
        "reason": None,
    }
    if stacked is not None:
        convergent = mean(stacked, "convergent")
        found["convergent_ci"] = [float(v) for v in np.quantile(convergent, tails)]
        difference = convergent - mean(stacked, "heterotrait-heteromethod")
        found["difference_ci"] = [float(v) for v in np.quantile(difference, tails)]
    return found


def _campbell_fiske(
    R: np.ndarray[Any, Any], columns: list[tuple[str, str]], kinds: Mapping[tuple[int, int], str]
) -> dict[str, Any]:
    """How often a convergent correlation exceeds those of other traits beside it, by other and by the same method."""
    other = [0, 0]
    same = [0, 0]
    k = len(columns)
    for i, j in (pair for pair, kind in kinds.items() if kind == "convergent"):
        for a, b in ((i, j), (j, i)):
            for c in range(k):
                if columns[c][1] == columns[a][1]:
                    continue
                count = other if columns[c][0] == columns[b][0] else same if columns[c][0] == columns[a][0] else None
                if count is not None:
                    count[0] += int(R[i, j] > R[a, c])
                    count[1] += 1
    return {
        "exceeds_other_method": {"n": other[0], "of": other[1]},
        "exceeds_same_method": {"n": same[0], "of": same[1]},
    }
