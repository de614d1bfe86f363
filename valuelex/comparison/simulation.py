"""Studies of known truth: models in families, their covariates, and scores with everything in them that real ones have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.tables import frame

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """What a simulated study is made of; standard deviations are in score points.

    Attributes
    ----------
    families : int
    models : tuple of int
        Fewest and most models of a family.
    sizes : tuple of float
        Smallest and largest number of weights, in billions; families differ in where theirs lie.
    dimensions, stems, samples, judges : int
    family, model : float
        Standard deviations of true scores, on each dimension by itself.
    halo : float
        Of what raises or lowers all dimensions of a model.
    stem, model_stem, sample, judge, model_judge, residual : float
    effects : mapping of str -> float
        parameters (points per tenfold size), training (tuned less base), region (one half of the families less the other),
        on the first dimension.
    slope : float
        Standard deviation over families of the effect of training.
    pairs : bool
        Whether every model comes as two of one size: a pretrained one and what was tuned from it.
    missing : float
        Share of completions without scores: each model lacks a share of its own, between half and one and a half times this.
    """

    families: int = 8
    models: tuple[int, int] = (1, 8)
    sizes: tuple[float, float] = (0.1, 400.0)
    dimensions: int = 3
    stems: int = 24
    samples: int = 2
    judges: int = 2
    family: float = 0.25
    model: float = 0.25
    halo: float = 0.3
    stem: float = 0.8
    model_stem: float = 0.4
    sample: float = 0.3
    judge: float = 0.3
    model_judge: float = 0.1
    residual: float = 0.5
    effects: Mapping[str, float] = field(default_factory=dict)
    slope: float = 0.0
    pairs: bool = False
    missing: float = 0.0


def simulate(design: Design, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table `item_scores` (scores are not cut off at the ends of a scale) and the facts, indexed by model_id."""
    rng = np.random.default_rng(seed)
    facts, family = _facts(design, rng)
    size = np.log10(facts["parameters"].to_numpy())
    tuned = (facts["training"] == "aligned").to_numpy(dtype=float)
    n, d = len(facts), design.dimensions
    true = rng.normal(0, design.family, (design.families, d))[family] + rng.normal(0, design.model, (n, d))
    true += rng.normal(0, design.halo, (n, 1))
    true[:, 0] += design.effects.get("parameters", 0.0) * (size - size.mean())
    true[:, 0] += (
        design.effects.get("training", 0.0) * tuned + rng.normal(0, design.slope, design.families)[family] * tuned
    )
    true[:, 0] += design.effects.get("region", 0.0) * (facts["region"] == "B").to_numpy(dtype=float)
    score = 3.0 + true[:, None, None, None, :]
    shape = (n, design.stems, design.samples, design.judges, d)
    score = score + rng.normal(0, design.stem, (1, design.stems, 1, 1, d))
    score = score + rng.normal(0, design.model_stem, (n, design.stems, 1, 1, d))
    # One completion is read on every dimension: half of its error is common to all of them.
    completion = rng.normal(0, design.sample, (n, design.stems, design.samples, 1, 1))
    own = rng.normal(0, design.sample, (n, design.stems, design.samples, 1, d))
    score = score + (completion + own) / np.sqrt(2)
    score = score + rng.normal(0, design.judge, (1, 1, 1, design.judges, 1))
    score = score + rng.normal(0, design.model_judge, (n, 1, 1, design.judges, 1))
    score = score + rng.normal(0, design.residual, shape)
    table = _table(score, list(facts.index))
    if design.missing:
        share = design.missing * rng.uniform(0.5, 1.5, n)
        gone = rng.random(score.shape[:3]) < share[:, None, None]
        whole = np.broadcast_to(gone[..., None, None], score.shape)
        table = table[~whole.ravel()].reset_index(drop=True)
    return table, facts


def _facts(design: Design, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    sizes = rng.integers(design.models[0], design.models[1] + 1, design.families)
    family = np.repeat(np.arange(design.families), sizes)
    low, high = np.log10(design.sizes[0]), np.log10(design.sizes[1])
    centre = rng.uniform(low, high, design.families)
    size = np.clip(centre[family] + rng.normal(0, 0.7, len(family)), low, high)
    tuned = rng.random(len(family)) < 0.5
    if design.pairs:
        family, size = np.repeat(family, 2), np.repeat(size, 2)
        tuned = np.arange(len(family)) % 2 == 1
    rows = {
        "family": [f"family {f + 1:02d}" for f in family],
        "developer": [f"family {f + 1:02d}" for f in family],
        "parameters": 1e9 * 10**size,
        "training": np.where(tuned, "aligned", "pretrained"),
        "region": np.where(family % 2, "B", "A"),
    }
    names = pd.Index([f"model {i + 1:02d}" for i in range(len(family))], name="model_id")
    if design.pairs:
        rows["tuned_from"] = [names[k - 1] if own else None for k, own in enumerate(tuned)]
    return pd.DataFrame(rows, index=names), family


def _table(score: FloatArray, models: Sequence[str]) -> pd.DataFrame:
    _, stems, _, judges, d = score.shape
    place = np.indices(score.shape).reshape(5, -1)

    def named(prefix: str, k: int, n: int) -> NDArray[np.object_]:
        return np.array([f"{prefix}{i + 1:03d}" for i in range(n)], dtype=object)[place[k]]

    return frame(
        "item_scores",
        pd.DataFrame(
            {
                "model_id": np.array(models, dtype=object)[place[0]],
                "item_id": named("stem", 1, stems),
                "sample_index": place[2],
                "judge_id": named("judge", 3, judges),
                "valence": None,
                "form": None,
                "level": "dimension",
                "dimension": named("dimension", 4, d),
                "score": score.ravel(),
                "se": None,
            }
        ),
    )
