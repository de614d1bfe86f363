"""How far does a solution depend on the method? All extractions x rotations, aligned and averaged."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError, ValuelexError
from valuelex.psychometrics import alignment, checks
from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.exploratory.flags import SALIENT
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AveragedResult(Result):
    """The average of several solutions and how far they differ.

    `loadings` and `phi` are means over the admissible solutions; `spread` has one row per loading: variable, factor,
    mean, sd, minimum, maximum, salient (share of solutions with a loading of .30 or more in size). `solutions` is one
    row per combination: method, rotation, admissible, reason, and its congruence with the average per factor.
    """

    loadings: pd.DataFrame
    phi: pd.DataFrame
    spread: pd.DataFrame
    solutions: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Average loadings, variables x factors."""
        return self.loadings.copy()

    def _headline(self) -> str:
        return f"Average of {int(self.solutions['admissible'].sum())} of {len(self.solutions)} solutions"


def average(
    data: object,
    n_factors: int,
    *,
    methods: Sequence[str] = ("minres", "ml", "paf"),
    rotations: Sequence[str] = ("oblimin", "promax", "geomin"),
    seed: int | None = None,
    **options: Any,
) -> AveragedResult:
    """Average loadings over extraction x rotation (Steiner & Grieder, 2020), inadmissible solutions left out.

    A solution is inadmissible if it did not converge or is a Heywood case. The others are matched to the first one,
    then twice to their mean.

    Parameters
    ----------
    data, n_factors
        As in `efa`.
    methods, rotations : sequence of str
        What to combine. Averaging orthogonal with oblique rotations makes little sense and is refused.
    seed : int, optional
        Of the rotation starts.
    **options
        Further arguments of `efa`, the same for all.

    Raises
    ------
    DataError
        No solution is admissible.
    """
    seed = checks.resolve_seed(seed)
    if not methods or not rotations:
        raise SettingError("methods or rotations is empty.", "Name at least one of each.")
    fitted: list[tuple[str, str, EFAResult | None, str]] = []
    for method, rotation in itertools.product(methods, rotations):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", checks.PsychometricsWarning)  # said in the table of solutions
            try:
                one = efa(data, n_factors, method, rotation=rotation, seed=seed, **options)
            except ValuelexError as error:
                if not isinstance(error, DataError) or "positive definite" not in error.what:
                    raise
                fitted.append((method, rotation, None, error.what))
                continue
        reason = f"Heywood: {', '.join(one.heywood)}" if one.heywood else "" if one.converged else "not converged"
        fitted.append((method, rotation, one, reason))
    if len({one.spec.oblique for _, _, one, _ in fitted if one is not None}) > 1:
        raise SettingError("Orthogonal and oblique rotations cannot be averaged.", "Average within one kind.")
    good = [one for _, _, one, reason in fitted if one is not None and not reason]
    if not good:
        said = "; ".join(f"{m} + {r}: {reason}" for m, r, _, reason in fitted)
        raise DataError(f"No solution is admissible ({said}).", "Try fewer factors.")
    mean, phi, stack = _align_all(good)
    like = good[0].loadings
    p, k = like.shape
    spread = pd.DataFrame(
        {
            "variable": np.repeat(list(like.index), k),
            "factor": np.tile(list(like.columns), p),
            "mean": mean.ravel(),
            "sd": stack.std(axis=0, ddof=1).ravel() if len(good) > 1 else np.nan,
            "minimum": stack.min(axis=0).ravel(),
            "maximum": stack.max(axis=0).ravel(),
            "salient": (np.abs(stack) >= SALIENT).mean(axis=0).ravel(),
        }
    )
    rows = []
    for method, rotation, solution, reason in fitted:
        row: dict[str, Any] = {"method": method, "rotation": rotation, "admissible": not reason, "reason": reason}
        if solution is not None:
            L = solution.loadings.to_numpy()
            order, signs = alignment.match(L, mean)
            row |= dict(zip(like.columns, np.diag(alignment.congruence_core(L[:, order] * signs, mean)), strict=True))
        rows.append(row)
    settings = {
        **{key: value for key, value in good[0].settings.items() if key not in ("method", "rotation")},
        "n_factors": k,
        "methods": list(methods),
        "rotations": list(rotations),
        **options,
        "seed": seed,
    }
    return AveragedResult(
        pd.DataFrame(mean, index=like.index, columns=like.columns),
        pd.DataFrame(phi, index=like.columns, columns=like.columns),
        spread,
        pd.DataFrame(rows),
        settings,
    )


def _align_all(results: Sequence[EFAResult]) -> tuple[FloatArray, FloatArray, FloatArray]:
    target = results[0].loadings.to_numpy()
    loadings: list[FloatArray] = []
    phis: list[FloatArray] = []
    for _ in range(3):
        loadings, phis = [], []
        for one in results:
            L, phi = one.loadings.to_numpy(), one.phi.to_numpy()
            order, signs = alignment.match(L, target)
            loadings.append(L[:, order] * signs)
            phis.append(phi[np.ix_(order, order)] * np.outer(signs, signs))
        target = np.asarray(np.mean(loadings, axis=0))
    return target, np.asarray(np.mean(phis, axis=0)), np.array(loadings)
