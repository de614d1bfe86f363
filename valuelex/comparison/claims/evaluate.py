"""Claims put to a study: supported, contradicted, undecided or not testable, with the numbers that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.comparison.claims.document import (
    Applicable,
    Claim,
    Claims,
    ContrastClaim,
    First,
    Mean,
    Share,
    Structure,
)
from valuelex.comparison.covariates import own_family
from valuelex.comparison.inference import counted, intervals, models_like_these
from valuelex.comparison.questions import SLOPES, Question, group_question, slope_question
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.comparison.shares import share_between
from valuelex.errors import DataError
from valuelex.tables import frame

Row = dict[str, Any]
FIGURES = ("estimate", "se", "ci_low", "ci_high", "p", "n_models", "n_families")
STANDARD = 6.0
"""Width of the scale that the claims' smallest effects are written for."""


@dataclass(frozen=True)
class Evidence:
    """What claims can be put to.

    Attributes
    ----------
    scored : Scored
        Scores as levels.
    traits : mapping of str -> Scored
    facts : DataFrame
    clusters : Series
        What counts as a family, by model.
    taxonomy, adequacy : mapping or None
        Documents of the study's own taxonomy, where it computed one from words.
    scores : DataFrame or None
        The table `scores`, for the shares that were applicable.
    instrument : str
        The taxonomy that the test was made for; empty where unknown.
    """

    scored: Scored
    traits: Mapping[str, Scored]
    facts: pd.DataFrame
    clusters: pd.Series
    taxonomy: Mapping[str, Any] | None = None
    adequacy: Mapping[str, Any] | None = None
    scores: pd.DataFrame | None = None
    instrument: str = ""


class NotTestable(Exception):
    """The study holds nothing that the claim speaks of; the message says what is missing."""


def evaluate(claims: Claims, evidence: Evidence, settings: ComparisonSettings, *, seed: int = 0) -> pd.DataFrame:
    """Return the table `claims`: one row per claim.

    Parameters
    ----------
    claims : Claims
    evidence : Evidence
    settings : ComparisonSettings
        Of it the confidence, the scale, and whether covariates that are confounded with families are reported.
    seed : int
    """
    rows = []
    for number, claim in enumerate(claims.claims):
        row: Row = {
            "claim": claim.id, "statement": claim.statement, "source": claim.source, "estimand": claim.estimand,
            "smallest_effect": getattr(claim, "smallest_effect", None), "direction": getattr(claim, "direction", None),
            **dict.fromkeys(FIGURES), "method": "none",
        }  # fmt: skip
        own = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        try:
            row |= _put(claim, evidence, settings, own)
        except NotTestable as why:
            row |= {"verdict": "not testable", "reason": str(why)}
        rows.append(row)
    return frame("claims", rows)


def _put(claim: Claim, evidence: Evidence, settings: ComparisonSettings, seed: int) -> Row:
    match claim:
        case Structure():
            return _structure(claim, evidence)
        case First():
            return _first(claim, evidence, settings)
        case ContrastClaim():
            return _contrast(claim, evidence, settings, seed)
        case Mean():
            return _mean(claim, evidence, settings)
        case Share():
            return _share(claim, evidence, settings, seed)
        case Applicable():
            return _applicable(claim, evidence, settings)


def _structure(claim: Structure, evidence: Evidence) -> Row:
    taxonomy, adequacy = evidence.taxonomy, evidence.adequacy
    if not taxonomy:
        raise NotTestable("this study computed no taxonomy from words")
    found = taxonomy.get("dimensions", [])
    parts = sum(len(one.get("subdimensions", [])) for one in found)
    method = "dimensions and subdimensions of the study's own taxonomy"
    if not taxonomy.get("interpretable"):
        why = next(iter(taxonomy.get("reasons") or (adequacy or {}).get("reasons") or ["no reason given"]))
        return {"verdict": "undecided", "reason": f"the words gave no structure to be read: {why}", "method": method}
    same = len(found) == claim.dimensions and (claim.subdimensions is None or parts == claim.subdimensions)
    reason = f"{len(found)} dimensions and {parts} subdimensions were found"
    return {
        "estimate": float(len(found)),
        "verdict": "supported" if same else "contradicted",
        "reason": reason,
        "method": method,
    }


def _first(claim: First, evidence: Evidence, settings: ComparisonSettings) -> Row:
    """Against every other dimension; all of them have to say so (intersection-union, no adjustment needed)."""
    scored = evidence.scored
    if claim.dimension not in scored.dimensions:
        raise NotTestable(f"the scores have no dimension {claim.dimension}")
    others = [d for d in scored.dimensions if d != claim.dimension]
    if not others:
        raise NotTestable(f"{claim.dimension} is the only dimension")
    sign = 1.0 if claim.direction == "positive" else -1.0
    rows = []
    for other in others:
        matrix = pd.DataFrame(0.0, index=scored.dimensions, columns=["difference"])
        matrix.loc[claim.dimension, "difference"], matrix.loc[other, "difference"] = sign, -sign
        rows.append(_average(scored.mapped(matrix), "difference", evidence.clusters, settings) | {"other": other})
    least = min(rows, key=lambda row: row["estimate"])
    row = _judged(least, "positive", _stretched(claim.smallest_effect, settings))
    row |= {k: sign * v if k == "estimate" else v for k, v in row.items()}
    if sign < 0:
        row["ci_low"], row["ci_high"] = -row["ci_high"], -row["ci_low"]
    means = ", ".join(f"{d} {float(v):.2f}" for d, v in scored.estimate.mean().sort_values(ascending=False).items())
    row["reason"] = f"least difference: to {least['other']}; means over models: {means}"
    return row


def _contrast(claim: ContrastClaim, evidence: Evidence, settings: ComparisonSettings, seed: int) -> Row:
    dimension: str = claim.trait or claim.dimension or ""
    if claim.trait is not None:
        scored = _trait(evidence, claim.trait)
    else:
        scored = evidence.scored
        if dimension not in scored.dimensions:
            raise NotTestable(f"the scores have no dimension {dimension}")
        if claim.measure == "profile":
            if len(scored.dimensions) < 2:
                raise NotTestable("one dimension has no profile")
            scored = scored.ipsatised()
    question = _question(claim, evidence.facts.loc[scored.models])
    if question.refused:
        raise NotTestable(question.refused)
    smallest = _smallest(claim, settings)
    held = settings.model_copy(update={"smallest_effect": smallest})
    row = models_like_these(question, scored, dimension, evidence.clusters, held, seed)
    if row["p"] is None:
        # What cannot be learned of these models is no fault of the claim.
        return _figures(row) | {"verdict": "undecided", "reason": row["verdict"], "method": row["method"]}
    out = _judged(row, claim.direction, smallest)
    if row["boot_p"] is not None and out["verdict"] != "undecided" and row["boot_p"] > 1 - settings.confidence:
        out["reason"] += "; not confirmed by the bootstrap over families"
    return out


def _question(claim: ContrastClaim, facts: pd.DataFrame) -> Question:
    if claim.covariate in SLOPES:
        return slope_question(facts, claim.covariate)
    return group_question(facts, claim.covariate, claim.low, claim.high)


def _mean(claim: Mean, evidence: Evidence, settings: ComparisonSettings) -> Row:
    trait = _trait(evidence, claim.trait)
    known = evidence.facts.loc[trait.models, claim.covariate].astype("string").fillna("")
    chosen = [m for m in trait.models if known[m] in claim.at]
    if not chosen:
        raise NotTestable(f"no model's {claim.covariate} is {' or '.join(claim.at)}")
    row = _average(trait.of(chosen), claim.trait, evidence.clusters, settings)
    smallest = _smallest(claim, settings)
    out = _figures(row) | {"method": row["method"], "smallest_effect": smallest, "p": None}
    if row["ci_high"] is None:
        return out | {"verdict": "undecided", "reason": row["why"]}
    below, above = row["ci_high"] < smallest, row["ci_low"] > smallest
    agrees, against = (below, above) if claim.direction == "negative" else (above, below)
    verdict = "supported" if agrees else "contradicted" if against else "undecided"
    return out | {"verdict": verdict, "reason": f"held against the smallest effect, {smallest:g}"}


def _share(claim: Share, evidence: Evidence, settings: ComparisonSettings, seed: int) -> Row:
    groups = evidence.facts[claim.covariate].astype("object")
    try:
        found = share_between(evidence.scored, groups, settings, seed=seed)
    except DataError as error:
        raise NotTestable(error.what.rstrip(".")) from error
    row: Row = {
        "estimate": found.share, "ci_low": found.ci_low, "ci_high": found.ci_high, "p": found.p,
        "n_models": found.n_models, "n_families": found.n_groups, "method": found.method,
    }  # fmt: skip
    alpha = 1 - settings.confidence
    if found.p < alpha and found.ci_low > 0:
        return row | {"verdict": "supported", "reason": f"levels differ between {claim.covariate} groups"}
    if found.ci_high < claim.smallest_effect:
        return row | {"verdict": "contradicted", "reason": f"the share is below {claim.smallest_effect:g}"}
    return row | {
        "verdict": "undecided",
        "reason": f"permuting {claim.covariate} among models gives as much, p = {found.p:.3f}",
    }


def _applicable(claim: Applicable, evidence: Evidence, settings: ComparisonSettings) -> Row:
    scores = evidence.scores
    if evidence.instrument != claim.taxonomy or scores is None:
        raise NotTestable(f"the test of this study is not made for the taxonomy {claim.taxonomy}")
    upper = scores[(scores["level"] == "dimension") & scores["applicable_share"].notna()]
    wide = upper.pivot(index="model_id", columns="dimension", values="applicable_share").astype(float).dropna()
    if claim.dimension not in wide.columns or wide.shape[1] < 2 or wide.empty:
        raise NotTestable(f"no applicable shares of {claim.dimension} and others")
    gap = wide[claim.dimension] - wide.drop(columns=claim.dimension).mean(axis=1)
    exact = Scored(
        gap.rename("gap").to_frame(),
        np.zeros((0, len(gap), 1)),
        0,
        np.full((len(gap), 1), np.inf),
        float("inf"),
        frozenset({"gap"}),
        {"gap": "applicable shares"},
    )
    row = _average(exact, "gap", evidence.clusters, settings)
    if row["ci_low"] is None:
        return _figures(row) | {"verdict": "undecided", "reason": row["why"], "method": row["method"]}
    return _judged(row, claim.direction, claim.smallest_effect)


def _trait(evidence: Evidence, name: str) -> Scored:
    if name not in evidence.traits:
        missing = {
            "profile_variance": "scores of one dimension, or without errors, have no profile to judge",
            "distinctness": "scores of one dimension, of two models, or without errors, tell of no distinct profile",
            "sample_variance": "no completion was sampled twice",
            "form_variance": "there are no two forms with scores",
            "prompt_overlap": "no model has answers with words to two prompts, three of each",
        }
        raise NotTestable(missing.get(name, "this study elicited no words"))
    return evidence.traits[name]


def _average(scored: Scored, dimension: str, clusters: pd.Series, settings: ComparisonSettings) -> Row:
    """Mean over models like these: families and models sampled; over just these where they are too few."""
    values = scored.estimate[dimension].dropna()
    models = [str(m) for m in values.index]
    cluster = own_family(clusters, models)
    row: Row = {"estimate": float(values.mean()), "n_models": len(models), "n_families": int(cluster.nunique())}
    row |= dict.fromkeys(("se", "ci_low", "ci_high", "p")) | {"method": f"mean over {len(models)} models"}
    if row["n_families"] < 3:
        return row | {
            "why": f"{counted(len(models), 'model')} of {counted(row['n_families'], 'family')} are too few to speak of others"
        }
    constant = pd.DataFrame({"mean": np.ones(len(models))}, index=models)
    try:
        fit = pm.nested_regression(values, constant, cluster, level=settings.confidence)
    except DataError as error:
        return row | {"why": error.what.rstrip(".")}
    found = fit.contrasts.iloc[0]
    row["estimate"] = float(found["estimate"])
    # How models differ holds the error that is each score's own. What stems do to all of them alike does not show there, and
    # is added; as known error of the regression it would be weighed away, in directions that so few stems cannot tell.
    own, of_own = float(found["se"]) ** 2, float(found["df"])
    common = _common_error(scored.of(models), dimension, fit.weights.to_numpy(dtype=np.float64)[0])
    stems = float(scored.of(models).df[:, scored.dimensions.index(dimension)].min())
    df = (own + common) ** 2 / (own**2 / of_own + common**2 / stems) if own + common > 0 else of_own
    row |= intervals(row["estimate"], float(np.sqrt(own + common)), df, settings)
    return row | {
        "method": f"mean over {len(models)} models of {row['n_families']} families, both sampled (REML)",
        "why": "",
    }


def _common_error(scored: Scored, dimension: str, weights: NDArray[np.float64]) -> float:
    """Mean covariance of the errors of two different models, as weighted."""
    S = scored.covariance(dimension)
    pairs = 1 - float((weights**2).sum())
    return max(float(weights @ S @ weights - (weights**2) @ np.diag(S)) / pairs, 0.0) if pairs > 1e-9 else 0.0


def _judged(row: Row, direction: str, smallest: float) -> Row:
    """Verdict from an interval: beyond 0 the claimed way and not wholly within the smallest effect."""
    out = _figures(row) | {"method": row["method"], "smallest_effect": smallest}
    low, high = row["ci_low"], row["ci_high"]
    if low is None:
        return out | {"verdict": "undecided", "reason": row.get("why") or "no interval"}
    if direction == "negative":
        low, high = -high, -low
    if -smallest < low and high < smallest:
        return out | {
            "verdict": "contradicted",
            "reason": f"the interval lies within the smallest effect, {smallest:g}",
        }
    if high < 0:
        return out | {"verdict": "contradicted", "reason": "the interval lies beyond 0 the other way"}
    if low > 0:
        sure = " by more than the smallest effect" if low > smallest else ""
        return out | {"verdict": "supported", "reason": f"the interval lies beyond 0 as claimed{sure}"}
    return out | {"verdict": "undecided", "reason": "the interval holds 0"}


def _figures(row: Row) -> Row:
    return {name: row.get(name) for name in FIGURES}


def _smallest(claim: ContrastClaim | Mean, settings: ComparisonSettings) -> float:
    """The smallest effect in the unit of what is claimed: words and shares do not stretch with the scale."""
    if claim.trait is not None and not claim.trait.endswith("variance") and claim.trait != "distinctness":
        return claim.smallest_effect
    return _stretched(claim.smallest_effect, settings, square=claim.trait is not None)


def _stretched(smallest: float, settings: ComparisonSettings, square: bool = False) -> float:
    factor = (settings.scale[1] - settings.scale[0]) / STANDARD
    return smallest * (factor**2 if square else factor)
