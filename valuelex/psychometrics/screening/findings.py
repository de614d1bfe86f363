"""What a screening looks at: one small function per check, each giving a named verdict with what to do.

A "stop" makes factoring impossible or meaningless, a "caution" limits what its numbers mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Cases per variable and in total below which loadings are unstable (Gorsuch, 1983, p. 332).
LEAST_RATIO, LEAST_CASES = 5, 100
# Share of cases that listwise deletion may lose before estimates that use all cells are worth it.
LOST_CASES = 0.05
# A column is nearly a combination of the others (tolerance .05, variance inflation 20).
HIGH_SMC = 0.95
# Kaiser (1974, https://doi.org/10.1007/BF02291575)
KAISER_WORDS = (
    (0.9, "marvellous"),
    (0.8, "meritorious"),
    (0.7, "middling"),
    (0.6, "mediocre"),
    (0.5, "miserable"),
    (-np.inf, "unacceptable"),
)
# Thresholds rest on the cases of a category.
SPARSE = 5
# Share of ordinal pairs with an empty cell from which polychorics lean on what fills it.
EMPTY_SHARE = 0.05
# Up to five categories Pearson correlations are attenuated noticeably (Rhemtulla, Brosseau-Liard & Savalei, 2012,
# https://doi.org/10.1037/a0029315).
FEW_CATEGORIES = 5


@dataclass(frozen=True)
class Finding:
    """One check: its `verdict` ("ok", "caution" or "stop"), the `value` it rests on (NaN if none), and what to do."""

    name: str
    verdict: str
    value: float
    detail: str
    remedy: str = ""


@dataclass(frozen=True, eq=False)
class Facts:
    """All that the checks look at; None stands for what was not computed.

    `names` are the p columns, `n` the cases behind the correlations, `lost` the share of rows with a missing cell,
    `trouble` why the matrix cannot be inverted (empty if it can). `ordinal`, `categories` and `smallest_category`
    describe the columns that look like ratings; `empty_pairs` are their pairs with an empty cell.
    """

    names: Sequence[str]
    n: int
    n_usable: int
    correlation: str
    missing: str
    alpha: float
    raw: bool
    constant: Sequence[str]
    duplicates: Sequence[tuple[str, str]]
    missing_cells: float = 0.0
    lost: float = 0.0
    trouble: str = ""
    determinant: float = np.nan
    smc: dict[str, float] = field(default_factory=dict)
    kmo: float = np.nan
    msa: dict[str, float] = field(default_factory=dict)
    bartlett_p: float = np.nan
    mardia_p: float = np.nan
    mardia_note: str = ""
    categories: dict[str, int] = field(default_factory=dict)
    smallest_category: dict[str, int] = field(default_factory=dict)
    empty_pairs: int | None = None


def cases(facts: Facts) -> Finding:
    """Enough cases, and enough variables, for a common factor."""
    n, p = facts.n, len(facts.names)
    detail = f"{n} cases for {p} variables."
    if n <= facts.n_usable or n < 3:
        return Finding("cases", "stop", n / p, f"No more cases than variables: {detail}", "Gather cases, drop columns.")
    if facts.n_usable < 3:
        return Finding("cases", "stop", n / p, f"Only {facts.n_usable} usable variable(s).", "Add variables.")
    if n < LEAST_RATIO * p or n < LEAST_CASES:
        remedy = "Expect unstable loadings unless communalities are high; bootstrap them."
        return Finding("cases", "caution", n / p, detail, remedy)
    return Finding("cases", "ok", n / p, detail)


def constant_columns(facts: Facts) -> Finding:
    """Columns without variance."""
    count = float(len(facts.constant))
    if facts.constant:
        return Finding("constant columns", "stop", count, listed(facts.constant), "Drop them.")
    return Finding("constant columns", "ok", 0.0, "None.")


def duplicate_columns(facts: Facts) -> Finding:
    """Pairs of columns that correlate perfectly."""
    if facts.duplicates:
        pairs = listed([f"{a} = {b}" for a, b in facts.duplicates])
        return Finding("duplicate columns", "stop", float(len(facts.duplicates)), pairs, "Keep one of each pair.")
    return Finding("duplicate columns", "ok", 0.0, "None.")


def missing_cells(facts: Facts) -> Finding:
    """Missing cells, and what listwise deletion costs."""
    if not facts.raw:
        return Finding("missing cells", "ok", np.nan, "Not known from a correlation matrix.")
    share = facts.missing_cells
    detail = f"{share:.1%} of cells; {facts.lost:.1%} of rows are incomplete."
    if facts.lost > LOST_CASES:
        remedy = "Ask why they are missing; missing='pairwise' or full-information ML keeps the cases."
        return Finding("missing cells", "caution", share, detail, remedy)
    return Finding("missing cells", "ok", share, detail)


def determinant(facts: Facts) -> Finding:
    """A matrix that can be inverted, and no column that the others nearly determine."""
    if facts.trouble:
        remedy = "Drop columns that are combinations of others, gather cases, or smooth the matrix."
        return Finding("determinant", "stop", facts.determinant, facts.trouble, remedy)
    high = [f"{name} ({value:.2f})" for name, value in facts.smc.items() if value > HIGH_SMC]
    if high:
        detail = f"Nearly determined by the other columns (squared multiple correlation): {listed(high)}."
        return Finding("determinant", "caution", facts.determinant, detail, "Drop or join overlapping columns.")
    return Finding("determinant", "ok", facts.determinant, f"Determinant {facts.determinant:.3g}, invertible.")


def kmo(facts: Facts) -> Finding:
    """Kaiser-Meyer-Olkin measure, in Kaiser's words."""
    if np.isnan(facts.kmo):
        return Finding("KMO", "caution", np.nan, "Not computed: the matrix cannot be inverted.", "See the determinant.")
    word = kaiser_word(facts.kmo)
    verdict = "stop" if facts.kmo < 0.5 else "caution" if facts.kmo < 0.6 else "ok"
    remedy = "" if verdict == "ok" else "Drop the columns of lowest MSA, or add variables that share their content."
    return Finding("KMO", verdict, facts.kmo, f"{facts.kmo:.3f}: {word}.", remedy)


def item_msa(facts: Facts) -> Finding:
    """Columns whose own sampling adequacy is unacceptable."""
    low = [f"{name} ({value:.2f})" for name, value in facts.msa.items() if value < 0.5]
    lowest = min((value for value in facts.msa.values() if not np.isnan(value)), default=np.nan)
    if low:
        detail = f"MSA below .5: {listed(low)}."
        return Finding("item MSA", "caution", lowest, detail, "Drop them one at a time, lowest first.")
    if np.isnan(lowest):
        return Finding("item MSA", "caution", np.nan, "Not computed.", "See the determinant.")
    return Finding("item MSA", "ok", lowest, "None below .5.")


def bartlett(facts: Facts) -> Finding:
    """Bartlett's test: are there correlations at all?"""
    p = facts.bartlett_p
    if np.isnan(p):
        return Finding("Bartlett", "caution", np.nan, "Not computed.", "See cases and determinant.")
    if p < facts.alpha:
        return Finding("Bartlett", "ok", p, f"{_p(p)}: the correlations are not all zero.")
    return Finding("Bartlett", "stop", p, f"{_p(p)}: the correlations may all be zero.", "Gather cases.")


def normality(facts: Facts) -> Finding:
    """Mardia's kurtosis and skewness."""
    if np.isnan(facts.mardia_p):
        return Finding("multivariate normality", "ok", np.nan, facts.mardia_note or "Not computed.")
    p = facts.mardia_p
    if p < facts.alpha:
        detail = f"Mardia {_p(p)}: not multivariate normal."
        remedy = "Prefer minres or robust errors to ML's tests; polychorics for few categories."
        return Finding("multivariate normality", "caution", p, detail, remedy)
    return Finding("multivariate normality", "ok", p, f"Mardia {_p(p)}.")


def empty_cells(facts: Facts) -> Finding:
    """Pairs of ratings whose table has an empty cell."""
    if facts.empty_pairs is None and len(facts.categories) > 1:
        return Finding("empty cells", "ok", np.nan, "Skipped: too many ratings to tabulate all pairs.")
    if facts.empty_pairs is None:
        return Finding("empty cells", "ok", np.nan, _about_ratings(facts))
    pairs = len(facts.categories) * (len(facts.categories) - 1) // 2
    detail = f"{facts.empty_pairs} of {pairs} pairs of ratings have an empty cell."
    if facts.empty_pairs > EMPTY_SHARE * pairs:
        remedy = "For polychorics join rare categories; for two categories give correct=0.5."
        return Finding("empty cells", "caution", float(facts.empty_pairs), detail, remedy)
    return Finding("empty cells", "ok", float(facts.empty_pairs), detail)


def sparse_categories(facts: Facts) -> Finding:
    """Categories with too few cases to place a threshold."""
    if not facts.smallest_category:
        return Finding("sparse categories", "ok", np.nan, _about_ratings(facts))
    sparse = [f"{name} ({count})" for name, count in facts.smallest_category.items() if count < SPARSE]
    if sparse:
        detail = f"A category has fewer than {SPARSE} cases: {listed(sparse)}."
        return Finding("sparse categories", "caution", float(len(sparse)), detail, "Join it with its neighbour.")
    return Finding("sparse categories", "ok", 0.0, f"None below {SPARSE} cases.")


def categories(facts: Facts) -> Finding:
    """Ratings so coarse that Pearson correlations are too small."""
    few = [name for name, count in facts.categories.items() if count <= FEW_CATEGORIES]
    if not facts.raw:
        return Finding("number of categories", "ok", np.nan, _about_ratings(facts))
    detail = f"{len(few)} of {len(facts.names)} columns have {FEW_CATEGORIES} categories or fewer."
    if few and facts.correlation in ("pearson", "spearman"):
        detail = f"{detail[:-1]}: {listed(few)}."
        remedy = "Polychoric correlations are worth it (correlation='polychoric')."
        return Finding("number of categories", "caution", float(len(few)), detail, remedy)
    return Finding("number of categories", "ok", float(len(few)), detail)


CHECKS = (
    cases,
    constant_columns,
    duplicate_columns,
    missing_cells,
    determinant,
    kmo,
    item_msa,
    bartlett,
    normality,
    empty_cells,
    sparse_categories,
    categories,
)


def kaiser_word(value: float) -> str:
    """Kaiser's (1974) word for a measure of sampling adequacy."""
    return next(word for bound, word in KAISER_WORDS if value >= bound)


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else f"p = {value:.3f}"


def _about_ratings(facts: Facts) -> str:
    return "Fewer than two columns look like ratings." if facts.raw else "Not known from a correlation matrix."
