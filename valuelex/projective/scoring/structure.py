"""Are the scales more than one halo? Eigenvalues, a one-factor model against the dimensions, and correlations below 1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.projective.scoring.reliability import LEAST_OF_MODELS
from valuelex.tables import frame

CASES_PER_SCALE = 10
"""Cases that a factor model wants for each scale."""

MODELS = "means of models"
WITHIN = "completions, around model and item"


def dimension_structure(
    scored: pd.DataFrame, pairs: pd.DataFrame, dimension_of: dict[str, str], *, draws: int, level: float, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table `dimension_structure` and what it comes to.

    Two bases: means of models (do models differ on more than one thing?), and single completions as deviations from their
    model's and their item's mean, double-centred (does a judge see more than one thing in a text?).

    Parameters
    ----------
    scored, pairs : DataFrame
        The tables `completion_scores` and `dimension_pairs`.
    dimension_of : dict
        Finest scale -> dimension.
    draws : int
        Bootstrap resamples (of models in both bases).
    level : float
    seed : int
    """
    finest = "subdimension" if (scored["level"] == "subdimension").any() else "dimension"
    mine = scored[scored["level"] == finest]
    wide = mine.assign(score=mine["score"].astype(float)).pivot(
        index=["completion_id", "model_id", "item_id"], columns="dimension", values="score"
    )
    scales = [str(c) for c in wide.columns]
    rows: list[dict[str, Any]] = []
    means = wide.groupby(["model_id", "item_id"]).mean().groupby("model_id").mean().dropna()
    rng = np.random.default_rng(seed)
    why = None
    if len(scales) < 3:
        why = f"{len(scales)} scale(s); at least three are needed."
    elif len(means) < LEAST_OF_MODELS:
        why = f"{len(means)} models have scores on every scale; at least {LEAST_OF_MODELS} are needed."
    rows += _eigenvalue(MODELS, means, list(means.index), draws, level, rng, why)
    rows += _factor_models(MODELS, means, dimension_of, why)
    inside = wide.dropna()
    models = list(inside.index.get_level_values("model_id"))
    inside = _double_centred(inside)
    why_inside = None
    if len(scales) < 3:
        why_inside = why
    elif len(inside) < CASES_PER_SCALE * len(scales):
        why_inside = f"{len(inside)} completions have every scale; at least {CASES_PER_SCALE * len(scales)} are needed."
    rows += _eigenvalue(WITHIN, inside, models, draws, level, rng, why_inside)
    rows += _factor_models(WITHIN, inside, dimension_of, why_inside)
    return frame("dimension_structure", rows), _verdict(rows, pairs[pairs["level"] == finest], why)


def _double_centred(wide: pd.DataFrame) -> pd.DataFrame:
    """Deviations from both means; alternating, since not every model has every item."""
    for _ in range(10):
        wide = wide - wide.groupby("model_id").transform("mean")
        wide = wide - wide.groupby("item_id").transform("mean")
    return wide.loc[:, wide.std() > 1e-9]


def _row(
    basis: str, statistic: str, value: float | None, n: int, note: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "basis": basis,
        "statistic": statistic,
        "value": value,
        "ci_low": None,
        "ci_high": None,
        "n": n,
        "note": note,
    } | more


def _eigenvalue(
    basis: str,
    data: pd.DataFrame,
    units: list[str],
    draws: int,
    level: float,
    rng: np.random.Generator,
    why: str | None,
) -> list[dict[str, Any]]:
    """First eigenvalue of the correlations as a share of the scales, with models resampled."""
    name = "first_eigenvalue_share"
    if why is None and (data.shape[1] < 3 or not (data.std() > 1e-9).all()):
        why = "A scale does not vary."
    if why is not None:
        return [_row(basis, name, None, len(data), why)]
    X = data.to_numpy(dtype=np.float64)
    value = _share(X)
    code, levels = pd.factorize(np.array(units, dtype=object))
    inside = [np.flatnonzero(code == k) for k in range(len(levels))]
    shares = []
    for _ in range(draws if len(levels) >= LEAST_OF_MODELS else 0):
        drawn = X[np.concatenate([inside[k] for k in rng.integers(0, len(levels), len(levels))])]
        if (drawn.std(axis=0) > 1e-9).all():
            shares.append(_share(drawn))
    more: dict[str, Any] = {}
    if len(shares) > 1:
        low, high = np.quantile(shares, [0.5 - level / 2, 0.5 + level / 2])
        more = {"ci_low": float(low), "ci_high": float(high)}
    return [_row(basis, name, value, len(data), "percentile bootstrap over models" if more else None, **more)]


def _share(X: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.eigvalsh(np.corrcoef(X, rowvar=False))[-1] / X.shape[1])


def _factor_models(
    basis: str, data: pd.DataFrame, dimension_of: dict[str, str], why: str | None
) -> list[dict[str, Any]]:
    """One factor against correlated dimensions, by maximum likelihood."""
    groups: dict[str, list[str]] = {}
    for scale in data.columns:
        groups.setdefault(dimension_of.get(str(scale), str(scale)), []).append(str(scale))
    if why is None and (len(groups) < 2 or min(map(len, groups.values())) < 2):
        why = "Needs two dimensions of two subdimensions each."
    if why is None and data.shape[1] < 4:
        why = "Fewer than four scales vary."
    if why is None and len(data) < CASES_PER_SCALE * data.shape[1]:
        why = f"{len(data)} cases for {data.shape[1]} scales; at least {CASES_PER_SCALE} for each are needed."
    if why is not None:
        return [_row(basis, "cfa_chi2_difference", None, len(data), why)]
    plain = data.set_axis([f"x{i}" for i in range(data.shape[1])], axis=1).reset_index(drop=True)
    place = {str(scale): f"x{i}" for i, scale in enumerate(data.columns)}
    one = "g =~ " + " + ".join(plain.columns)
    several = "\n".join(f"f{k} =~ " + " + ".join(place[s] for s in own) for k, own in enumerate(groups.values()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = {"one_factor": pm.cfa(one, plain), "dimensions": pm.cfa(several, plain)}
    except ValuelexError as error:
        return [_row(basis, "cfa_chi2_difference", None, len(data), error.what)]
    rows = []
    for name, fitted in fits.items():
        rows += [
            _row(basis, f"cfa_{name}_{index}", float(fitted.fit[index]), len(data))
            for index in ("cfi", "rmsea", "srmr")
        ]
    from scipy.stats import chi2

    difference = float(fits["one_factor"].fit["chisq"] - fits["dimensions"].fit["chisq"])
    df = int(fits["one_factor"].fit["df"] - fits["dimensions"].fit["df"])
    p = float(chi2.sf(max(difference, 0.0), df))
    remark = f"{df} df, p = {p:.3g}; cases taken as independent, which those of one model are not"
    return [*rows, _row(basis, "cfa_chi2_difference", difference, len(data), remark)]


def _verdict(rows: list[dict[str, Any]], pairs: pd.DataFrame, why: str | None) -> dict[str, Any]:
    first = next(r for r in rows if r["statistic"] == "first_eigenvalue_share" and r["basis"] == MODELS)
    known = pairs.dropna(subset=["ci_low", "ci_high"])
    below = int((known["ci_high"] < 1).sum())
    found = {
        "first_eigenvalue_share": first["value"],
        "pairs": len(pairs),
        "pairs_with_interval": len(known),
        "pairs_below_1": below,
        "reason": first["note"] if first["value"] is None else None,
    }
    if first["value"] is None:
        return found | {"sentence": f"Whether the scales are more than one cannot be told: {why or first['note']}"}
    share = f"One factor carries {first['value']:.0%} of the variance of the models' means"
    if known.empty:
        return found | {
            "sentence": f"{share}; no correlation between scales could be corrected for error with an interval."
        }
    return found | {
        "sentence": f"{share}; with error taken out, {below} of {len(pairs)} pairs of scales surely correlate below 1."
        + (" These data do not rule out that the scales are one halo." if below == 0 else "")
    }
