"""One question put to the scores of one dimension, for these models and for models like these."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.comparison.covariates import own_family
from valuelex.comparison.questions import SLOPES, Question
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import DataError

FloatArray = NDArray[np.float64]
Row = dict[str, Any]
EMPTY = (
    "estimate", "se", "df", "ci_low", "ci_high", "p", "p_equivalence", "boot_low", "boot_high", "boot_p", "permutation_p",
    "permutation_least", "without_low", "without_high", "without_family", "family_share", "detectable",
)  # fmt: skip

THESE, LIKE = "these models", "models like these"


def these_models(question: Question, scored: Scored, dimension: str, settings: ComparisonSettings) -> Row:
    """The contrast among just these models: only stems and judges are sampled, so that nothing reaches to other models."""
    row = _blank(question, dimension, THESE)
    present = _present(question, scored, dimension)
    weights = question.weights(present) if not question.refused else None
    if weights is None:
        return _refused(row, question.refused or "the models that have a score there do not allow it")
    row |= {"n_models": len(present)}
    full = np.zeros(scored.estimate.shape)
    places = [scored.models.index(m) for m in present]
    column = scored.dimensions.index(dimension)
    for place, weight in zip(places, weights, strict=True):
        full[place, column] = weight
    row["estimate"] = float(weights @ scored.estimate.loc[present, dimension].to_numpy(dtype=float))
    if dimension in scored.unknown:
        return _refused(row, "the scores have no known errors", "no interval")
    se, df = scored.error(full)
    row["method"] += f"; {scored.methods[dimension]}, models fixed"
    return row | intervals(row["estimate"], se, df, settings)


def models_like_these(
    question: Question,
    scored: Scored,
    dimension: str,
    families: pd.Series,
    settings: ComparisonSettings,
    seed: int | None,
) -> Row:
    """The contrast where models are a sample of models and families of families.

    Without a seed the answer stands alone, without what backs it up.
    """
    row = _blank(question, dimension, LIKE)
    if question.refused:
        return _refused(row, question.refused)
    assert question.design is not None and question.contrast is not None and question.treatment is not None
    present = _present(question, scored, dimension)
    if question.weights(present) is None:
        return _refused(row, "the models that have a score there do not allow it")
    cluster = own_family(families, present)
    alone = families.reindex(present).isna()
    row |= {"n_models": len(present), "n_families": int(cluster.nunique())}
    X = question.design.loc[present]
    used = (X != 0).any().to_numpy()
    X, contrast = X.loc[:, used], question.contrast[used]
    treatment = question.treatment[question.treatment.index.isin(present)]
    slope = _slope(question, treatment, present)
    # Within groups, a family's own effect is in the design; what remains of it is how its effects differ.
    clusters = None if question.groups is not None and slope is None else cluster
    spare = len(X) - np.linalg.matrix_rank(X.to_numpy(dtype=float))
    if spare < 1:
        few = f"{counted(len(X), 'model')} of {counted(row['n_families'], 'family')} leave no degree of freedom"
        return _refused(row, few, "cannot be learned")
    confounded = question.groups is None and _constant_within(treatment, cluster)
    if confounded and settings.confounded == "refuse":
        same = f"{question.covariate} is constant within every family"
        return _refused(row, f"{same}, so that it cannot be told from what else sets families apart")
    y = scored.estimate.loc[present, dimension].to_numpy(dtype=float)
    if not np.ptp(y) > 0:
        return _refused(row, "all models have the same score")
    places = [scored.models.index(m) for m in present]
    S = scored.covariance(dimension)[np.ix_(places, places)]
    named = pd.DataFrame([contrast], columns=X.columns, index=["it"])
    try:
        fit = pm.nested_regression(y, X, clusters, error=S, contrasts=named, slope=slope, level=settings.confidence)
    except DataError as error:
        return _refused(row, error.what.rstrip("."))
    found = fit.contrasts.iloc[0]
    row["estimate"] = float(found["estimate"])
    row |= intervals(row["estimate"], float(found["se"]), float(found["df"]), settings)
    told = "families sampled" if fit.settings["clusters_told_apart"] else "models sampled"
    if question.groups is not None:
        told = "models sampled within groups"
    if fit.settings["slopes_told_apart"]:
        told += f", effects of {question.covariate} may differ between families"
    elif slope is not None:
        told += f", effects of {question.covariate} taken as the same in all families: too few to tell"
    row["family_share"] = fit.components["share"] if np.isfinite(fit.components["share"]) else None
    row["method"] += f"; mixed model (REML, Kenward-Roger), {told}; {scored.methods[dimension]}"
    if confounded:
        row["method"] += "; between families, with whatever else sets them apart"
    if alone.any() and question.groups is None:
        row["method"] += f"; of no known family, each by itself: {', '.join(str(m) for m in alone.index[alone])}"
    if seed is None:
        return row
    row["detectable"] = detectable(row["se"], row["df"], settings)
    exchangeable = None if question.adjusted else cluster if question.groups is None else question.groups
    return row | _backing(
        y, X, contrast, cluster, treatment, exchangeable, fit, S, clusters is not None, slope, settings, seed
    )


def _slope(question: Question, treatment: pd.Series, models: list[str]) -> FloatArray | None:
    """What the effect that may differ between families goes with: which side a model is on; None for slopes on size or date.

    Sizes of one family lie close together: with four to six families such a test has hardly a degree of freedom, and
    rejects .004 to .014 of true hypotheses.
    """
    if question.covariate in SLOPES:
        return None
    return np.asarray((treatment - 0.5).reindex(list(models)).fillna(0.0), dtype=np.float64)


def _backing(
    y: FloatArray, X: pd.DataFrame, contrast: FloatArray, cluster: pd.Series, treatment: pd.Series,
    exchangeable: pd.Series | None, fit: pm.NestedRegressionResult, S: FloatArray, nested: bool, slope: FloatArray | None,
    settings: ComparisonSettings, seed: int,
) -> Row:  # fmt: skip
    """Wild cluster bootstrap, permutation within families, and the range over families left out."""
    out: Row = {}
    if cluster.nunique() > 2:
        # Where all that enters a contrast lies in families without a residual, there is nothing to draw.
        with suppress(DataError):
            boot = pm.wild_cluster_bootstrap(
                y, X, cluster, contrast=contrast, covariance=fit.covariance,
                draws=settings.bootstrap, level=settings.confidence, seed=seed,
            )  # fmt: skip
            out |= {"boot_p": boot.p, "boot_low": _finite(boot.ci_low), "boot_high": _finite(boot.ci_high)}
    # Where other covariates are held equal, models of one family are not exchangeable.
    if exchangeable is not None:
        with suppress(DataError):
            values = pd.Series(y, index=X.index).reindex(treatment.index)
            test = pm.permute_within(values, treatment, exchangeable.reindex(treatment.index), seed=seed)
            out |= {"permutation_p": test.p, "permutation_least": test.least}
    if cluster.nunique() > 2:
        left = []
        for name in cluster.unique():
            kept = (cluster != name).to_numpy()
            less = X[kept].loc[:, (X[kept] != 0).any()]
            weights = pd.Series(contrast, index=X.columns)
            if weights.drop(less.columns).any() or np.linalg.matrix_rank(less.to_numpy(dtype=float)) < less.shape[1]:
                continue
            try:
                again = pm.nested_regression(
                    y[kept], less, cluster[kept] if nested else None, error=S[np.ix_(kept, kept)],
                    contrasts=weights[less.columns].to_frame().T, slope=None if slope is None else slope[kept],
                )  # fmt: skip
            except DataError:
                continue
            left.append((float(again.contrasts["estimate"].iloc[0]), str(name)))
        if left:
            whole = float(fit.contrasts["estimate"].iloc[0])
            furthest = max(left, key=lambda one: abs(one[0] - whole))
            out |= {"without_low": min(left)[0], "without_high": max(left)[0], "without_family": furthest[1]}
    return out


def intervals(estimate: float, se: float, df: float, settings: ComparisonSettings) -> Row:
    """t interval, two-sided p, and the p of equivalence: the larger one of two one-sided tests (Schuirmann, 1987)."""
    from scipy.special import stdtr, stdtrit

    nu = min(df, 1e8)
    half = float(stdtrit(nu, 0.5 + settings.confidence / 2)) * se
    row: Row = {"se": se, "df": df if np.isfinite(df) else None, "ci_low": estimate - half, "ci_high": estimate + half}
    smallest = settings.smallest_effect
    if se > 0:
        row["p"] = float(2 * stdtr(nu, -abs(estimate) / se))
        row["p_equivalence"] = float(stdtr(nu, (abs(estimate) - smallest) / se))
    else:
        row["p"] = 0.0 if estimate else 1.0
        row["p_equivalence"] = 0.0 if abs(estimate) < smallest else 1.0
    return row


def detectable(se: float, df: float | None, settings: ComparisonSettings, power: float = 0.8) -> float | None:
    """The effect that such a study finds with this power, by the noncentral t distribution."""
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    if not se > 0:
        return 0.0
    nu = min(df if df is not None else 1e6, 1e6)
    critical = float(t.ppf(0.5 + settings.confidence / 2, nu))
    return se * float(brentq(lambda shift: nct.sf(critical, nu, shift) - power, 0.0, 100 * critical + 10))


def _present(question: Question, scored: Scored, dimension: str) -> list[str]:
    there = scored.estimate[dimension].dropna().index
    return [m for m in question.models if m in there]


def _constant_within(treatment: pd.Series, cluster: pd.Series) -> bool:
    """Whether the covariate and the family are one thing: every family has one value, and a family stands behind several
    models or alone for one of two levels. Where each model is a family of its own, families are just the units."""
    of = cluster.reindex(treatment.index)
    if not (treatment.groupby(of).nunique() <= 1).all():
        return False
    families_of = of.groupby(treatment).nunique()
    return bool((of.value_counts() > 1).any()) or (treatment.nunique() == 2 and bool((families_of < 2).any()))


def _blank(question: Question, dimension: str, scope: str) -> Row:
    return {
        "contrast": question.name, "dimension": dimension, "scope": scope, "covariate": question.covariate,
        "method": question.method, "n_models": len(question.models), "n_families": None,
        **dict.fromkeys(EMPTY), "verdict": None,
    }  # fmt: skip


def _refused(row: Mapping[str, Any], why: str, word: str = "refused") -> Row:
    return {**row, "verdict": f"{word}: {why}"}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def counted(n: int, noun: str) -> str:
    """1 family, 2 families."""
    return f"{n} {noun if n == 1 else noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"
