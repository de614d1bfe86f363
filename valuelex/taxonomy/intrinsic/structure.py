"""The structure of words inside models: factors over contexts in place of factors over respondents.

A context is a frame and a word that could follow. Two words go together if a model expects the same words after both.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.tables import frame
from valuelex.taxonomy.basis import Basis
from valuelex.taxonomy.correspondence import mantel
from valuelex.taxonomy.empirical import Empirical, Solution
from valuelex.taxonomy.extraction import components
from valuelex.taxonomy.groups import find_groups
from valuelex.taxonomy.intrinsic.number import COMPARABLE, SplitHalf, split_half
from valuelex.taxonomy.intrinsic.profiles import Profiles
from valuelex.taxonomy.preparation import criterion_row
from valuelex.taxonomy.settings import TaxonomySettings
from valuelex.taxonomy.stability import Recovery, compare, recover

FloatArray = NDArray[np.float64]

LEAST_AGREEMENT = 0.3
"""Mean correlation of the similarities that single frames give, below which the frames and not the words make the structure."""

PERMUTATIONS = 20
"""Permuted data sets behind the reference eigenvalues, which decide nothing here."""


def of_probabilities(profiles: Profiles, settings: TaxonomySettings, *, seed: int) -> Basis:
    """Factor the words over contexts, and look for the dimensions again with other continuations and in each model alone.

    Parameters
    ----------
    profiles : Profiles
    settings : TaxonomySettings
        Extraction, rotation, numbers, `salient` (a word with shorter loadings is not placed) and `bootstrap`.
    seed : int
    """
    settings = settings.model_copy(update={"association": "pearson"})
    halves = split_half(profiles.data, profiles.contexts["continuation"], seed=seed)
    found = _analyse(profiles, halves, settings, seed)
    recovered: list[Recovery] = []
    alone: list[Recovery] = []
    solution = found.solution
    if solution is not None and solution.groups.n_groups and settings.bootstrap:
        units = profiles.contexts["continuation"]
        recovered.append(
            recover(
                solution,
                None,
                units,
                settings,
                unit_name="continuations",
                n=settings.bootstrap,
                seed=seed,
                n_together=solution.data.shape[1],
            )
        )
    if solution is not None and solution.groups.n_groups and len(profiles.models) > 1:
        alone = [_alone(solution, profiles, model) for model in profiles.models]
    tested = _controls(profiles, found, halves, seed) if solution is not None else []
    return Basis("probabilities", found, recovered, alone, None, tested, "pearson")


def _analyse(profiles: Profiles, halves: SplitHalf, settings: TaxonomySettings, seed: int) -> Empirical:
    data = profiles.data
    adequacy: dict[str, Any] = {
        "factorable": False,
        "reasons": [],
        "notes": [
            f"Read from the log-probabilities of {', '.join(profiles.models)}: nothing was asked. Rows are contexts (a frame "
            "and a word that could follow it), which are no sample of independent cases: no test against chance is made."
        ],
        "structure": "intrinsic",
        "n_contexts": len(data),
        "n_models": len(profiles.models),
        "n_words": data.shape[1],
        "n_words_used": data.shape[1],
        "models": profiles.details,
        "between_models": {},
    }
    agreements = [d["agreement"] for d in profiles.details.values() if d["agreement"] is not None]
    if agreements and min(agreements) < LEAST_AGREEMENT:
        adequacy["reasons"].append(
            f"Single frames do not give one structure (mean correlation of their similarities {min(agreements):.2f}, below "
            f"{LEAST_AGREEMENT}): what is seen is the frame."
        )
    rows = [criterion_row("split halves", halves.n_factors, halves.settings)]
    permuted = pm.parallel_analysis(data, PERMUTATIONS, 95, kind="pca", reference="permutation", seed=seed)
    rows.append(criterion_row("parallel-permutation", permuted.n_factors, permuted.settings))
    observed, reference = [float(x) for x in permuted.eigenvalues], [float(x) for x in permuted.reference]
    k = halves.n_factors if settings.n_factors == "auto" else settings.n_factors
    if k == 0:
        adequacy["reasons"].append(
            f"Not even one factor is the same with other continuations (median cosine of split halves "
            f"{halves.least.get(1, float('nan')):.2f}, below {COMPARABLE})."
        )
    if adequacy["reasons"]:
        return Empirical(adequacy, rows, observed, reference)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PsychometricsWarning)
            efa = pm.efa(data, k, settings.method, rotation=settings.rotation, seed=seed)
    except ValuelexError as error:
        adequacy["reasons"].append(f"The factor analysis failed: {error.what}")
        return Empirical(adequacy, rows, observed, reference)
    adequacy["notes"] += sorted({str(w.message) for w in caught if issubclass(w.category, PsychometricsWarning)})
    space = efa.loadings.to_numpy() @ np.linalg.cholesky(efa.phi.to_numpy())
    salient = np.linalg.norm(space, axis=1) >= settings.salient
    n_groups = None if settings.n_dimensions == "auto" else settings.n_dimensions
    groups = find_groups(space, salient, n_groups=n_groups, seed=seed)
    adequacy |= {
        "factorable": True,
        "n_factors": k,
        "n_factors_rule": "set in the study file"
        if settings.n_factors != "auto"
        else "as many as come back with other continuations",
        "n_dimensions": groups.n_groups,
        "silhouettes": {str(g): round(value, 6) for g, value in groups.silhouettes.items()},
        "background": [str(w) for w in efa.loadings.index[groups.background]],
        "heywood": list(efa.heywood),
    }
    return Empirical(adequacy, rows, observed, reference, Solution(efa, data, efa.loadings, space, groups))


def _alone(found: Solution, profiles: Profiles, model: str) -> Recovery:
    R = np.corrcoef(profiles.of(model).to_numpy(), rowvar=False)
    space = components(R, found.efa.loadings.shape[1])
    return compare(found, [space], f"{model} alone", seed=0)


def _controls(profiles: Profiles, found: Empirical, halves: SplitHalf, seed: int) -> list[dict[str, Any]]:
    """The rule for the number of factors on the profiles, and on profiles whose words were permuted within each context."""
    data = profiles.data
    permuted = pd.DataFrame(np.random.default_rng(seed).permuted(data.to_numpy(), axis=1), columns=data.columns)
    other = split_half(permuted, profiles.contexts["continuation"], most=3, seed=seed)
    rows = []
    for name, table, by_rule in (("the profiles", data, halves), ("permuted profiles", permuted, other)):
        largest = float(np.linalg.eigvalsh(np.corrcoef(table.to_numpy(), rowvar=False))[-1])
        remark = f"median cosine of the first factor in split halves {by_rule.least.get(1, float('nan')):.2f}"
        rows.append(
            {
                "control": name,
                "n_words": table.shape[1],
                "n_respondents": len(table),
                "n_factors": by_rule.n_factors,
                "ratio": largest / found.reference[0],
                "p": None,
                "remark": remark + ("" if table is data else "; words permuted within each context"),
            }
        )
    return rows


def by_model(profiles: Profiles, cosines: FloatArray, answers: pd.DataFrame | None, *, seed: int) -> pd.DataFrame:
    """Return the table `intrinsic`: each model's similarities against those of the others, of meaning, and of the answers.

    Parameters
    ----------
    profiles : Profiles
    cosines : array, words x words
        Of the embeddings.
    answers : DataFrame or None, words x words
        Associations of those words that enough respondents named.
    seed : int
        Of the permutations.
    """
    words = [str(word) for word in profiles.data.columns]
    each = {model: np.corrcoef(profiles.of(model).to_numpy(), rowvar=False) for model in profiles.models}
    rows = []
    for model, own in each.items():
        others = [R for name, R in each.items() if name != model]
        row = {
            "model_id": model,
            "n_words": len(words),
            "n_contexts": len(profiles.of(model)),
            "agreement": profiles.details[model]["agreement"],
            **_likeness("meaning", own, cosines, seed),
            **_likeness("others", own, np.mean(others, axis=0) if others else None, seed),
        }
        shared = [word for word in words if answers is not None and word in answers.index]
        at = [words.index(word) for word in shared]
        theirs = answers.loc[shared, shared].to_numpy() if answers is not None and len(shared) > 5 else None
        rows.append(row | _likeness("answers", own[np.ix_(at, at)], theirs, seed))
    return frame("intrinsic", rows)


def _likeness(name: str, own: FloatArray, other: FloatArray | None, seed: int) -> dict[str, float | None]:
    if other is None:
        return {f"r_{name}": None, f"p_{name}": None}
    found = mantel(own, other, seed=seed)
    return {f"r_{name}": found["value"], f"p_{name}": found["p"]}
