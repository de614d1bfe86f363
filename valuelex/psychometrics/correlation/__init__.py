"""Step 1: correlations. Array core; `correlate.py` is the labelled front (it builds on `checks`, which builds on this)."""

from valuelex.psychometrics.correlation.product_moment import (
    constant_columns,
    matrix,
    pairwise_counts,
    pearson,
    rank,
    smc,
    standardize,
)
from valuelex.psychometrics.correlation.smoothing import repair, smooth

__all__ = [
    "constant_columns",
    "matrix",
    "pairwise_counts",
    "pearson",
    "rank",
    "repair",
    "smc",
    "smooth",
    "standardize",
]
