"""What a study of more models could find: power by simulation, with models that differ as those at hand do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.covariates import own_family
from valuelex.comparison.inference import detectable
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import DataError
from valuelex.tables import empty, frame

FAMILIES = (4, 8, 16)
IN_FAMILY = 4
"""Models of each simulated family."""
SIZES = (-1.0, 2.6)
"""log10 of billions of weights, smallest and largest."""
ASSUMED = 0.25 / 6
"""Standard deviation between families, and between models of one, as a share of the scale, where there are too few to tell."""
FEWEST = 4
"""Families from which on their components are taken from the data."""


def power_table(scored: Scored, families: pd.Series, settings: ComparisonSettings, *, seed: int = 0) -> pd.DataFrame:
    """Return the table `power`: for studies of several sizes, how often they would find the smallest effect of interest.

    Simulated: families of four models, sizes spread over .1 to 400 billion weights, half of each family tuned; models and
    families as different as those of this study (mean over dimensions of the components; assumed where there are too few),
    scores with this study's error; tested as `models like these`, effects of training differing between families as far as they
    may in that test, and not in truth.

    Parameters
    ----------
    scored : Scored
    families : Series
        Family by model; a model of no known family is its own.
    settings : ComparisonSettings
        Of it power_draws (0 makes an empty table), smallest_effect, confidence.
    seed : int
    """
    if not settings.power_draws or scored.estimate.dropna(how="all").empty:
        return empty("power")
    family, model, source = _components(scored, families, settings)
    error = _error(scored)
    rows: list[dict[str, Any]] = []
    for number, n in enumerate(FAMILIES):
        rng = np.random.default_rng([seed, number])
        found: dict[str, list[tuple[float, float, float]]] = {"parameters": [], "training": []}
        for _ in range(settings.power_draws):
            cluster = np.repeat(np.arange(n), IN_FAMILY)
            noise = rng.normal(0, family, n)[cluster] + rng.normal(0, np.sqrt(model**2 + error**2), n * IN_FAMILY)
            tuned = np.tile(np.arange(IN_FAMILY) % 2, n).astype(float)
            size = rng.uniform(*SIZES, n * IN_FAMILY)
            for name, x in (("parameters", size - size.mean()), ("training", tuned - 0.5)):
                X = pd.DataFrame({"constant": 1.0, name: x})
                y = noise + settings.smallest_effect * x
                slope = x if name == "training" else None
                found[name].append(_tested(y, X, cluster, slope, name, settings))
        for name, draws in found.items():
            p, se, df = (np.array(column) for column in zip(*draws, strict=True))
            power = float((p < 1 - settings.confidence).mean())
            rows.append(
                {
                    "contrast": "parameters: slope per tenfold size"
                    if name == "parameters"
                    else "training: tuned - base",
                    "n_families": n,
                    "n_models": n * IN_FAMILY,
                    "effect": settings.smallest_effect,
                    "power": power,
                    "power_se": float(np.sqrt(power * (1 - power) / len(p))),
                    "detectable": detectable(float(np.median(se)), float(np.median(df)), settings),
                    "family_sd": family,
                    "model_sd": model,
                    "error_sd": error,
                    "method": f"{settings.power_draws} simulated studies; components {source}",
                }
            )
    return frame("power", rows)


def _tested(
    y: Any, X: pd.DataFrame, cluster: Any, slope: Any, name: str, settings: ComparisonSettings
) -> tuple[float, float, float]:
    table = pm.nested_regression(y, X, cluster, slope=slope, level=settings.confidence).contrasts
    p, se, df = table.loc[[name], ["p", "se", "df"]].to_numpy(dtype=float)[0]
    return float(p), float(se), float(df)


def _components(scored: Scored, families: pd.Series, settings: ComparisonSettings) -> tuple[float, float, str]:
    """Standard deviations between families and between models, and where they are from."""
    between, within = [], []
    for dimension in scored.dimensions:
        values = scored.estimate[dimension].dropna()
        models = [str(m) for m in values.index]
        cluster = own_family(families, models)
        if cluster.nunique() < FEWEST or cluster.nunique() == len(models):
            continue
        S = scored.of(models).covariance(dimension)
        try:
            fit = pm.nested_regression(values, pd.DataFrame({"mean": np.ones(len(models))}), cluster, error=S)
        except DataError:
            continue
        if fit.settings["clusters_told_apart"]:
            between.append(max(fit.components["cluster"], 0.0))
            within.append(fit.components["unit"])
    if not between:
        sd = ASSUMED * (settings.scale[1] - settings.scale[0])
        return sd, sd, f"assumed ({sd:.2g} each): too few models here to tell"
    return float(np.sqrt(np.mean(between))), float(np.sqrt(np.mean(within))), "as estimated from these models"


def _error(scored: Scored) -> float:
    """Standard error of a model's score, what all models share left out."""
    if not scored.sources.size:
        return 0.0
    own = scored.sources - scored.sources.mean(axis=1, keepdims=True)
    return float(np.sqrt((own**2).sum(axis=0).mean()))
