"""Step 3: a rule over several criteria.

Criteria err in different directions: parallel analysis of components misses factors that correlate, reduced matrices and
NEST see minor ones, communities of a network do not rest on eigenvalues. The median of these five was the best of all
medians and pluralities of three to five out of twelve criteria (share correct .83) on 208 random models: 1 to 6 factors,
loadings .35-.80, 3 to 7 items each, n 150-1,000, factor correlations 0-.6, minor factors; each continuous, in five skewed
categories, and by polychorics (`benchmarks/ensemble.py` runs such a search). Several medians came within .01; a conditional
logit on sixteen criteria gained .015 in cross-validation, too little for its 48 coefficients. On the models of
docs/recovery.md the ensemble does not beat the mean rule of parallel analysis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics.results import Result

MEMBERS = ("parallel_mean", "parallel_smc", "nest", "ega_tmfg", "ega_tmfg_louvain")


@dataclass(frozen=True, eq=False)
class EnsembleResult(Result):
    """What the members said (`members`) and the number they make together."""

    n_factors: int
    members: dict[str, int]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per member."""
        return pd.DataFrame({"criterion": list(self.members), "n_factors": list(self.members.values())})

    def _headline(self) -> str:
        return f"Ensemble: {self.n_factors} factors"


def combine(members: Mapping[str, int]) -> EnsembleResult:
    """Median of the members; of an even number, where one could not be computed, the smaller of the middle two."""
    if not members:
        raise DataError("No member of the ensemble could be computed.", "Ask for single criteria.")
    said = {name: members[name] for name in MEMBERS if name in members}
    k = int(np.percentile(list(said.values()), 50, method="lower"))
    return EnsembleResult(k, said, {"rule": "median, the smaller if even", "members": said})
