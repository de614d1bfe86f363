"""The taxonomy as a document: dimensions in order, their names, the words without one, and every reason for doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import Clusters
from valuelex.taxonomy.empirical import Empirical, Solution
from valuelex.taxonomy.joint import UNASSIGNED, Joint, central_words
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]

WEAK_SILHOUETTE = 0.1
"""Below this mean silhouette the words run into one another: where one cluster ends is the method's choice."""

DISSOLVED = 0.6
"""Mean Jaccard similarity below which a cluster should not be trusted (Hennig, 2007)."""

MOSTLY_BETWEEN = 0.5
FEW_MODELS = 10
"""With fewer models than this, a factor whose variance lies mostly between models is their difference, not a dimension."""

FAIR_CONGRUENCE = 0.85
"""Tucker congruence from which two factors count as fairly alike (Lorenzo-Seva & ten Berge, 2006)."""


@dataclass(frozen=True)
class Piece:
    """A dimension or subdimension: its name, its rows in the lexicon, and the parts of a dimension."""

    name: str
    number: int
    rows: list[int]
    words: list[str]
    parts: tuple[Piece, ...] = ()


Naming = Callable[[Sequence[Piece]], list[Piece]]
"""Gives pieces other names, and leaves everything else as it is."""


def named_dimensions(
    words: Sequence[str],
    vectors: FloatArray,
    weight: FloatArray,
    joint: Joint,
    solution: Solution | None = None,
) -> list[Piece]:
    """Order, name and fill the dimensions; the one with most respondents' words comes first.

    Names are the words most central in meaning and use, for dimensions with factors behind them (`solution`) times their
    loading on the dimension's direction; they never change membership.
    """
    of = (
        {}
        if solution is None
        else {str(w): row for w, row in zip(solution.loadings.index, solution.space, strict=True)}
    )
    order = sorted(
        (int(d) for d in set(joint.dimension.tolist()) if d >= 0),
        key=lambda d: (-float(weight[joint.dimension == d].sum()), d),
    )
    taken: set[str] = set()
    out = []
    for d in order:
        rows = np.flatnonzero(joint.dimension == d)
        members = [words[int(i)] for i in rows]
        central = central_words(members, vectors[rows], weight[rows], _pull(members, of))
        title = _unused(central, taken)
        parts = []
        inner = sorted(
            (int(s) for s in set(joint.subdimension[rows].tolist())),
            key=lambda s: (-float(weight[joint.subdimension == s].sum()), s),
        )
        for s in inner:
            mine = np.flatnonzero(joint.subdimension == s)
            names = central_words([words[int(i)] for i in mine], vectors[mine], weight[mine])
            label = _free(" and ".join(names[:2]).capitalize(), taken)
            parts.append(Piece(label, s, mine.tolist(), names))
        out.append(Piece(title, d, rows.tolist(), central, tuple(parts)))
    return out


def _pull(words: Sequence[str], space: Mapping[str, FloatArray]) -> FloatArray:
    """How far each word lies along the direction of all of them in the space of the factors; 0 for those without loadings."""
    known = [space[w] for w in words if w in space]
    if not known:
        return np.zeros(len(words))
    rows = np.vstack(known)
    length = np.linalg.norm(rows, axis=1)
    mean = np.average(rows, axis=0, weights=length) if length.any() else rows[0]
    direction = mean / (np.linalg.norm(mean) or 1.0)
    return np.array([max(float(space[w] @ direction), 0.0) if w in space else 0.0 for w in words])


def _unused(candidates: list[str], taken: set[str]) -> str:
    name = next((w for w in candidates if w.lower() not in taken), candidates[0])
    return _free(name.capitalize(), taken)


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number behind it where another piece has it."""
    attempt, n = name, 2
    while attempt.lower() in taken:
        attempt, n = f"{name} ({n})", n + 1
    taken.add(attempt.lower())
    return attempt


NO_FACTORS = {
    "joint": "The words could not be factored: the dimensions rest on meaning alone and describe the words, not the models.",
    "semantic": "The dimensions rest on meaning alone, as the study file asks, and describe the words, not the models.",
    "empirical": "The words could not be factored, and the study file asks for the answers alone: there is no taxonomy.",
    "intrinsic": "No structure came out of the models' log-probabilities: there is no taxonomy.",
}
"""First reason where there are no factors, by the structure that was asked for."""

INSIDE = (
    "This is the structure inside {models}, read from log-probabilities: which words these models expect in the same places. "
    "Nothing was asked, and nothing says that they act by it."
)

BASES = {"answers": "factors and meaning", "probabilities": "log-probabilities and meaning"}


def doubts(
    found: Empirical, dimensions: Sequence[Piece], clusters: Clusters, steady: pd.DataFrame, structure: str = "joint"
) -> tuple[list[str], list[str]]:
    """Return the reasons not to interpret the taxonomy (none means that it can be), and further caveats.

    Weak clusters of meaning speak against the subdimensions, and against the whole where the dimensions rest on meaning too.
    """
    blurred = _doubts_of_clusters(clusters, steady)
    inside = [INSIDE.format(models=", ".join(found.adequacy["models"]))] if structure == "intrinsic" else []
    hidden = found.adequacy.get("background") or []
    if hidden:
        inside.append(
            f"{len(hidden)} words were taken for a background that no dimension moves ({', '.join(hidden[:5])}"
            f"{', ...' if len(hidden) > 5 else ''}): n_dimensions: {len(dimensions) + 1} shows them as a dimension."
        )
    if found.solution is not None:
        return _doubts_of_factors(found, dimensions, steady, structure), inside + blurred
    reasons = [NO_FACTORS[structure], *found.adequacy["reasons"]]
    return (reasons + blurred, inside) if dimensions else (reasons, inside)


def _doubts_of_clusters(clusters: Clusters, steady: pd.DataFrame) -> list[str]:
    out = []
    silhouette = clusters.silhouettes.get(clusters.n_clusters, float("nan"))
    if silhouette < WEAK_SILHOUETTE:
        out.append(f"The words cluster weakly by meaning (mean silhouette {silhouette:.2f}): subdimensions blur.")
    loose = steady[(steady["kind"] == "cluster") & (steady["mean"].astype(float) < DISSOLVED)]
    if len(loose):
        out.append(
            f"{len(loose)} of {clusters.n_clusters} clusters do not come back when the words are resampled (mean Jaccard "
            f"similarity below {DISSOLVED})."
        )
    return out


def _doubts_of_factors(
    found: Empirical, dimensions: Sequence[Piece], steady: pd.DataFrame, structure: str
) -> list[str]:
    out = []
    if len(dimensions) < 2:
        out.append("All words fall into one dimension.")
    own = steady[(steady["kind"] == "dimension") & steady["statistic"].str.startswith("Tucker congruence")]
    own = own[~own["statistic"].str.endswith(" alone")]
    loose = sorted(own.loc[own["mean"].astype(float) < FAIR_CONGRUENCE, "name"].unique())
    if loose:
        out.append(
            f"{len(loose)} of {len(dimensions)} dimensions do not come back under resampling (mean Tucker congruence below "
            f"{FAIR_CONGRUENCE}): {', '.join(loose)}."
        )
    between = {f: share for f, share in found.adequacy["between_models"].items() if share > MOSTLY_BETWEEN}
    if between and found.adequacy["n_models"] < FEW_MODELS:
        shares = ", ".join(f"{f} {share:.0%}" for f, share in between.items())
        out.append(
            f"With {found.adequacy['n_models']} models, the factor is mostly the difference between them (share of variance "
            f"between models: {shares}): it cannot be told from what else sets these models apart."
        )
    if found.adequacy["n_models"] < 2 and structure != "intrinsic":
        out.append("One model alone was asked: what varies are its settings.")
    return out


def document(
    dimensions: Sequence[Piece],
    words: Sequence[str],
    joint: Joint | None,
    found: Empirical,
    clusters: Clusters | None,
    reasons: list[str],
    settings: TaxonomySettings,
    *,
    embedding: str,
    caveats: Sequence[str] = (),
    agreement: Sequence[dict[str, Any]] = (),
    agreement_verdict: str | None = None,
    kind: str = "answers",
) -> dict[str, Any]:
    """Return what goes into taxonomy.json."""
    unassigned = [] if joint is None else [words[int(i)] for i in np.flatnonzero(joint.dimension == UNASSIGNED)]
    silhouettes = {str(k): round(v, 6) for k, v in clusters.silhouettes.items() if v == v} if clusters else {}
    return {
        "interpretable": not reasons,
        "reasons": reasons,
        "caveats": list(caveats),
        "basis": BASES[kind] if found.solution is not None else "meaning alone",
        "dimensions": [
            {
                "name": d.name,
                "words": d.words,
                "subdimensions": [{"name": s.name, "words": s.words} for s in d.parts],
            }
            for d in dimensions
        ],
        "unassigned": unassigned,
        "structures": {"verdict": agreement_verdict, "agreement": list(agreement)},
        "method": {
            "structure": settings.structure,
            "embedding": embedding,
            "matrix": settings.matrix,
            "association": settings.association,
            "outer": settings.outer,
            "clustering": settings.clustering,
            "n_clusters": clusters.n_clusters if clusters else 0,
            "silhouettes": silhouettes,
            "extraction": settings.method,
            "rotation": settings.rotation,
            "n_factors": found.adequacy.get("n_factors", 0),
            "group_silhouettes": found.adequacy.get("silhouettes", {}),
            "decisions": [] if joint is None else joint.log,
        },
    }
