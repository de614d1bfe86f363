"""Omega total and hierarchical, of the whole and of each group of items, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.reliability import resamples
from valuelex.psychometrics.reliability.bifactor_indices import factor_indices, uncontaminated
from valuelex.psychometrics.reliability.hierarchy import SOLUTIONS, Hierarchy, hierarchies, hierarchy
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotation
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Draw = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class OmegaResult(Result):
    """Omega from a general and orthogonal group factors.

    `total` is the share of the sum score's variance that is common, `hierarchical` the share that is the general
    factor's; `total_ci`, `hierarchical_ci` are bootstrap percentile limits (NaN without bootstrap). `schmid_leiman` has
    g, F1..Fk, h2, u2; `groups` has, per factor, omega of the items that load on it most: general, group (their own
    factor) and total, the sum of the two, each with _ci_low and _ci_high; `reversed` names the items reflected so that
    they load positively on g. `indices` has one row per factor (ss_loadings, ecv, H, fd; see `bifactor_indices`); `ecv`
    is the general factor's share of the common variance, `puc` the share of correlations that only it explains.
    """

    total: float
    hierarchical: float
    total_ci: tuple[float, float]
    hierarchical_ci: tuple[float, float]
    schmid_leiman: pd.DataFrame
    groups: pd.DataFrame
    reversed: tuple[str, ...]
    settings: dict[str, Any]
    indices: pd.DataFrame = field(repr=False)
    ecv: float
    puc: float

    def to_frame(self) -> pd.DataFrame:
        """Two rows: omega total and hierarchical with their limits."""
        limits = [self.total_ci, self.hierarchical_ci]
        return pd.DataFrame(
            {
                "coefficient": ["omega_total", "omega_hierarchical"],
                "value": [self.total, self.hierarchical],
                "ci_low": [limit[0] for limit in limits],
                "ci_high": [limit[1] for limit in limits],
            }
        )

    def _headline(self) -> str:
        return f"omega total = {self.total:.3f}, hierarchical = {self.hierarchical:.3f}"


def omega(
    data: object,
    n_factors: int,
    *,
    solution: str = "schmid-leiman",
    rotate: str | None = None,
    flip: bool = True,
    n_boot: int = 0,
    level: float = 0.95,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_obs: int | None = None,
    n_starts: int = rotation.DEFAULT_STARTS,
    lower_bound: float = 0.005,
    seed: int | None = None,
) -> OmegaResult:
    """Omega total and omega hierarchical of the sum of the standardised items.

    Minres factors; then McDonald (1999, ch. 6) and Zinbarg, Revelle, Yovel & Li (2005). Two group factors do not
    identify a second-order factor: both then load sqrt(r) on it. With one factor the two differ only
    by what it leaves unexplained of the correlations.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, or a p x p correlation matrix with n_obs.
    n_factors : int
        Group factors, at least 1.
    solution : {"schmid-leiman", "bifactor"}
        Schmid & Leiman (1957): k oblique factors, and one second-order factor of Phi. Its general and group loadings
        are proportional within a factor. Bifactor: k + 1 factors rotated to one general and k group factors (Jennrich
        & Bentler, 2011), free of that constraint, but with more local minima and the need of larger samples.
    rotate : {"oblimin", "quartimin", "geomin", "promax", ...}, optional
        Oblique rotation of the Schmid-Leiman solution; "oblimin" unless told. Not with "bifactor".
    flip : bool
        Reflect items that load negatively on the general factor before summing.
    n_boot : int
        Resamples for percentile intervals; 0 for none. Needs raw data. Each starts from the solution found here, and
        keeps its reflected items and its groups of items.
    level : float
        Coverage, 0-1.
    correlation, missing, n_obs, n_starts, lower_bound, seed
        As in `efa`. With polychoric correlations omega is of the normal variables behind the answers, as in `alpha`.

    Raises
    ------
    DataError
        Data that cannot be factored, or a bootstrap of a matrix.
    SettingError
        An argument out of range, or more factors than the items can carry.
    """
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    lower_bound = checks.number(lower_bound, "lower_bound", low=0, high=1)
    spec = make_spec(solution, rotate, n_starts)
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    k = group_factors(n_factors, len(ready.names), solution)
    seed = checks.resolve_seed(seed)
    resamples.can_resample(ready, n_boot)
    found = factored(ready.R, k, spec, flip=flip, lower_bound=lower_bound, seed=seed)
    draws = resampled(ready, found, spec, lower_bound=lower_bound, n_boot=n_boot, seed=seed)
    home = np.abs(found.group).argmax(axis=1)
    composites = [(np.ones(len(home)), None), *(((home == j).astype(np.float64), j) for j in range(k))]
    values = omegas(composites, found.g, found.group, found.psi, found.R)
    limits = np.full((2, values.size), np.nan)
    if draws:
        drawn = np.array([omegas(composites, *one).ravel() for one in draws])
        limits = resamples.percentiles(drawn, level)
    limits = limits.reshape(2, *values.shape)
    factors = [f"F{j + 1}" for j in range(k)]
    table = pd.DataFrame(found.group, index=ready.names, columns=factors)
    table.insert(0, "g", found.g)
    table["h2"] = 1 - found.psi
    table["u2"] = found.psi
    groups = pd.DataFrame(index=pd.Index(factors, name="factor"))
    for column, name in enumerate(("total", "general", "group")):
        groups[name] = values[1:, column]
        groups[f"{name}_ci_low"], groups[f"{name}_ci_high"] = limits[:, 1:, column]
    groups["items"] = [", ".join(np.array(ready.names)[home == j]) for j in range(k)]
    indices = factor_indices(found.g, found.group, found.psi, factors)
    return OmegaResult(
        float(values[0, 0]),
        float(values[0, 1]),
        (float(limits[0, 0, 0]), float(limits[1, 0, 0])),
        (float(limits[0, 0, 1]), float(limits[1, 0, 1])),
        table,
        groups,
        tuple(name for name, key in zip(ready.names, found.keys, strict=True) if key < 0),
        {
            **ready.settings,
            "n_factors": k,
            "solution": solution,
            "method": "minres",
            **spec.settings(),
            "lower_bound": lower_bound,
            "flip": flip,
            "n_boot": n_boot,
            "n_failed": n_boot - len(draws),
            "level": level,
            "seed": seed,
        },
        indices,
        float(indices["ecv"].iloc[0]),
        uncontaminated(home) if k > 1 else 1.0,
    )


def make_spec(solution: str, rotate: str | None, n_starts: int) -> rotation.Spec:
    """The rotation of a solution, checked."""
    checks.choice(solution, SOLUTIONS, "solution")
    if solution == "bifactor":
        if rotate is not None:
            raise SettingError(f"rotate={rotate!r} does not apply to a bifactor solution.", "Leave rotate out.")
        return rotation.make_spec("bifactor", n_starts=n_starts)
    rotate = "oblimin" if rotate is None else rotate
    allowed = tuple(name for name in rotation.OBLIQUE if name != "target")
    return rotation.make_spec(checks.choice(rotate, allowed, "rotate"), n_starts=n_starts)


def group_factors(n_factors: object, p: int, solution: str) -> int:
    """Check the number of group factors; a bifactor solution takes one more out of p items."""
    k = checks.n_factors(n_factors, p, "minres")
    if solution == "bifactor" and 1 < k == checks.most_factors(p):
        raise SettingError(
            f"n_factors={k} and a general factor are too many for {p} items.",
            f"Ask for {k - 1} group factors or fewer, or use solution='schmid-leiman'.",
        )
    return k


@one_thread
def factored(R: FloatArray, k: int, spec: rotation.Spec, *, flip: bool, lower_bound: float, seed: int) -> Hierarchy:
    """General and group factors of R (p x p); a Heywood case is warned about."""
    found = hierarchy(R, k, spec, np.random.default_rng(np.random.SeedSequence(seed)), flip, lower_bound)
    if found.heywood:
        checks.warn(
            "Heywood case: a group factor is no more than the general factor, or an item has no unique variance; "
            "omega hierarchical is uncertain. Try another number of factors."
        )
    return found


def resampled(
    ready: intake.Input, found: Hierarchy, spec: rotation.Spec, *, lower_bound: float, n_boot: int, seed: int
) -> list[Draw]:
    """g (p), group (p x k), psi (p), R (p x p) of each resample that could be factored, items reflected as in `found`."""
    if not n_boot or ready.X is None:
        return []
    how = (ready.settings["correlation"], ready.settings["missing"])
    again = replicate(_redraw, n_boot, seed, ready.X, *how, found, spec, lower_bound, size=resamples.STACK)
    draws = [one for one in again if one is not None]
    if len(draws) < 2:
        raise DataError("Hardly any resample could be factored.", "Drop columns that hardly vary.")
    return draws


def _redraw(
    streams: Sequence[np.random.SeedSequence],
    X: FloatArray,
    correlation: str,
    missing: str,
    found: Hierarchy,
    spec: rotation.Spec,
    lower_bound: float,
) -> list[Draw | None]:
    out: list[Draw | None] = [None] * len(streams)
    C = resamples.covariances(streams, X, correlation, missing)
    where = [b for b, S in enumerate(C) if S is not None]
    if not where:
        return out
    stack = np.array([C[b] for b in where])
    spread = np.sqrt(np.diagonal(stack, axis1=1, axis2=2))
    R = stack / (spread[:, :, None] * spread[:, None, :])
    R[:, np.arange(R.shape[1]), np.arange(R.shape[1])] = 1.0
    again = hierarchies(R, found, spec, lower_bound)
    R = R * np.outer(found.keys, found.keys)
    for i, b in enumerate(where):
        out[b] = (again.g[i], again.group[i], again.psi[i], R[i])
    return out


def omegas(
    composites: Sequence[tuple[FloatArray, int | None]],
    g: FloatArray,
    group: FloatArray,
    psi: FloatArray,
    R: FloatArray,
) -> FloatArray:
    """Shares (m x 3) of the variance w'Rw of weighted sums of items that are common, general, and a group factor's own.

    A composite is its weights w (p) and its own group factor (negative for none). Of a whole, whose factor is None, all
    that is not unique is common; of a part, general and own factor: what other parts' factors do to its items does not
    count.
    """
    out = np.full((len(composites), 3), np.nan)
    single = not group.any()  # one factor: what is common is general
    for row, (w, j) in enumerate(composites):
        variance = float(w @ R @ w)
        if variance <= 0:
            continue
        general = float(w @ g) ** 2 / variance
        common = 1 - float(w**2 @ psi) / variance
        if single:
            out[row] = common, common, 0.0
        elif j is None:
            out[row, :2] = common, general
        else:
            own = float(w @ group[:, j]) ** 2 / variance if j >= 0 else 0.0
            out[row] = general + own, general, own
    return out
