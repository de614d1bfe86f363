"""What a rotation is asked to do: method, its parameters, weighting, starts and tolerances, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.rotation import classic, criteria

FloatArray = NDArray[np.float64]

METHODS = (
    "none",
    "varimax",
    "quartimax",
    "equamax",
    "parsimax",
    "promax",
    "oblimin",
    "quartimin",
    "geomin",
    "crawford_ferguson",
    "simplimax",
    "bentler",
    "infomax",
    "bifactor",
    "target",
)
ORTHOGONAL = ("none", "varimax", "quartimax", "equamax", "parsimax", "bifactor")
"""Orthogonal unless `oblique` says otherwise; all others are oblique."""
OBLIQUE = tuple(method for method in METHODS if method not in ORTHOGONAL)
WEIGHTINGS = (True, False, "kaiser", "cureton-mulaik")
KAISER_BY_DEFAULT = ("varimax", "promax")
PROMAX_TARGETS = ("power", "normalized")
DEFAULT_STARTS = 100


@dataclass(frozen=True)
class Spec:
    """All settings of a rotation that can move a number; made by `make_spec`."""

    method: str
    oblique: bool
    normalize: bool | str
    gamma: float
    epsilon: float
    power: float
    kappa: float
    n_zeros: int | None
    n_starts: int
    tolerance: float
    max_iter: int
    algorithm: str = "projection"
    promax_target: str = "power"
    goal: FloatArray | None = field(default=None, repr=False)
    goal_weights: FloatArray | None = field(default=None, repr=False)

    def criterion(self, p: int, k: int) -> criteria.Criterion:
        """Return the function to minimise for p variables and k factors (promax starts from varimax)."""
        method = self.method
        if method in ("varimax", "promax") and (method == "promax" or not self.oblique):
            return criteria.varimax
        if method == "quartimax" and not self.oblique:
            return criteria.quartimax
        kappas = {"varimax": 1 / p, "quartimax": 0.0, "equamax": k / (2 * p), "parsimax": (k - 1) / (p + k - 2)}
        if method in kappas:
            return criteria.crawford_ferguson(kappas[method])
        if method == "simplimax":
            return criteria.simplimax(self.n_zeros or p)
        if method == "target" and self.goal is not None and self.goal_weights is not None:
            return criteria.target(self.goal, self.goal_weights)
        return {
            "oblimin": criteria.oblimin(self.gamma),
            "quartimin": criteria.oblimin(0.0),
            "geomin": criteria.geomin(self.epsilon),
            "crawford_ferguson": criteria.crawford_ferguson(self.kappa),
            "bentler": criteria.bentler,
            "infomax": criteria.infomax,
            "bifactor": criteria.bifactor,
        }[method]

    @property
    def classic(self) -> bool:
        """Whether varimax is computed as an older program does."""
        return self.algorithm != "projection" and (
            self.method == "promax" or (self.method == "varimax" and not self.oblique)
        )

    def exchangeable(self, k: int) -> range:
        """Columns that may be permuted and reflected without changing the criterion."""
        return range({"target": k, "bifactor": 1}.get(self.method, 0), k)

    def reflectable(self, k: int) -> NDArray[np.bool_]:
        """Columns whose sign the criterion leaves open: all, but those for which a target names a loading."""
        if self.goal is None:
            return np.ones(k, dtype=bool)
        return np.asarray((np.nan_to_num(self.goal) == 0).all(axis=0))

    def settings(self) -> dict[str, Any]:
        """Return what applies to this method, for a table's note."""
        if self.method == "none":
            return {"rotation": "none"}
        own: dict[str, dict[str, Any]] = {
            "oblimin": {"gamma": self.gamma},
            "geomin": {"epsilon": self.epsilon},
            "promax": {"power": self.power, "promax_target": self.promax_target},
            "crawford_ferguson": {"kappa": self.kappa},
            "simplimax": {"n_zeros": self.n_zeros or "number of variables"},
        }
        if self.classic:
            own[self.method] = {**own.get(self.method, {}), "algorithm": self.algorithm}
        return {
            "rotation": self.method,
            "oblique": self.oblique,
            **own.get(self.method, {}),
            "normalize": self.normalize,
            "n_starts": self.n_starts,
            "rotation_tolerance": self.tolerance,
            "rotation_max_iter": self.max_iter,
        }


def make_spec(
    method: str,
    *,
    oblique: bool | None = None,
    n_starts: int = DEFAULT_STARTS,
    normalize: bool | str | None = None,
    gamma: float = 0.0,
    epsilon: float = 0.01,
    power: float = 4.0,
    kappa: float = 0.0,
    n_zeros: int | None = None,
    target: object = None,
    target_weights: object = None,
    tolerance: float = 1e-6,
    max_iter: int = 2000,
    algorithm: str = "projection",
    promax_target: str = "power",
) -> Spec:
    """Check rotation settings and fill in the method's usual obliqueness and normalisation; see `rotate`."""
    checks.choice(method, METHODS, "rotation")
    if oblique is None:
        oblique = method in OBLIQUE
    if not isinstance(oblique, bool):
        raise SettingError(f"oblique={oblique!r} is not a truth value.", "Use True, False, or None for the usual.")
    if (method == "promax" and not oblique) or (method == "none" and oblique):
        raise SettingError(f"oblique={oblique} does not apply to {method}.", "Leave oblique out.")
    if normalize is None:
        normalize = method in KAISER_BY_DEFAULT
    if normalize not in WEIGHTINGS and not (normalize == "varimax" and method == "promax"):
        raise SettingError(
            f"normalize={normalize!r} does not apply to {method}.",
            "Use True (Kaiser), 'cureton-mulaik' or False; 'varimax' is for promax only.",
        )
    goal, goal_weights = _target(target, target_weights, method)
    return Spec(
        method=method,
        oblique=oblique,
        normalize=normalize,
        gamma=checks.number(gamma, "gamma", low=-1e6, high=1 + 1e-12),
        epsilon=checks.number(epsilon, "epsilon", low=0, high=1),
        power=checks.number(power, "power", low=1, high=20),
        kappa=checks.number(kappa, "kappa", low=-1e-12, high=1 + 1e-12),
        n_zeros=None if n_zeros is None else checks.integer(n_zeros, "n_zeros", low=1),
        n_starts=checks.integer(n_starts, "n_starts", low=1),
        tolerance=checks.number(tolerance, "tolerance", low=0, high=1),
        max_iter=checks.integer(max_iter, "max_iter", low=1),
        algorithm=checks.choice(algorithm, classic.ALGORITHMS, "algorithm"),
        promax_target=checks.choice(promax_target, PROMAX_TARGETS, "promax_target"),
        goal=goal,
        goal_weights=goal_weights,
    )


def fits(spec: Spec, p: int, k: int) -> None:
    """Raise if the settings do not fit a p x k loading matrix."""
    if spec.goal is not None and spec.goal.shape != (p, k):
        raise DataError(
            f"target is {spec.goal.shape[0]} x {spec.goal.shape[1]}, but the loadings are {p} x {k}.",
            "Give one target cell per loading; NaN leaves a loading free.",
        )
    if spec.n_zeros is not None and spec.n_zeros >= p * k:
        raise SettingError(f"n_zeros={spec.n_zeros} is too large for {p * k} loadings.", "Give fewer.")


def _target(goal: object, weights: object, method: str) -> tuple[FloatArray | None, FloatArray | None]:
    if method != "target":
        if goal is not None or weights is not None:
            raise SettingError(f"target does not apply to {method}.", "Use rotation='target'.")
        return None, None
    if goal is None:
        raise SettingError("Target rotation needs a target.", "Give target=, p x k; NaN leaves a loading free.")
    values = np.array(goal, dtype=np.float64)
    if values.ndim != 2 or np.isinf(values).any():
        raise DataError("target is not a p x k matrix of finite numbers.", "Give one cell per loading, NaN for free.")
    shares = np.where(np.isnan(values), 0.0, 1.0)
    if weights is not None:
        given = np.array(weights, dtype=np.float64)
        if given.shape != values.shape or not (given >= 0).all():
            raise DataError("target_weights does not match target, or is negative.", "Give one weight per cell.")
        shares = shares * given
    if not (shares > 0).any():
        raise DataError("target leaves every loading free.", "Specify some cells.")
    return values, shares
