"""Step 9: reliability of scales: coefficient alpha, and omega by Schmid-Leiman."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks, extraction, intake
from valuelex.psychometrics.exploratory.bootstrap import draw, resampled_correlations
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AlphaResult(Result):
    """Coefficient alpha.

    `raw` (with `ci_low`, `ci_high`) from covariances, `standardized` from correlations, `mean_r` the mean inter-item
    correlation; `items` has alpha_if_dropped and item_rest (correlation with the sum of the others). All at most 1.
    """

    raw: float
    ci_low: float
    ci_high: float
    standardized: float
    mean_r: float
    items: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row: raw, ci_low, ci_high, standardized, mean_r."""
        return pd.DataFrame(
            [{key: getattr(self, key) for key in ("raw", "ci_low", "ci_high", "standardized", "mean_r")}]
        )

    def _headline(self) -> str:
        return f"alpha = {self.raw:.3f} [{self.ci_low:.3f}, {self.ci_high:.3f}]"


@dataclass(frozen=True, eq=False)
class OmegaResult(Result):
    """Omega from a Schmid-Leiman solution.

    `total` is the share of the sum score's variance that is common, `hierarchical` the share that is the general
    factor's; `total_ci`, `hierarchical_ci` are bootstrap percentile limits (NaN without bootstrap). `schmid_leiman` has
    g, F1..Fk, h2, u2; `groups` has, per factor, omega of the items that load on it most: general, group (their own
    factor) and total, the sum of the two; `reversed` names the items reflected so that they load positively on g.
    """

    total: float
    hierarchical: float
    total_ci: tuple[float, float]
    hierarchical_ci: tuple[float, float]
    schmid_leiman: pd.DataFrame
    groups: pd.DataFrame
    reversed: tuple[str, ...]
    settings: dict[str, Any]

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


@dataclass(frozen=True, eq=False)
class SchmidLeiman:
    """General loadings g (p), group loadings (p x k), psi (p); R (p x p) and keys (p) after reflection of items."""

    g: FloatArray
    group: FloatArray
    psi: FloatArray
    R: FloatArray
    keys: FloatArray
    heywood: bool


def alpha(data: object, *, missing: str = "listwise", n_obs: int | None = None, level: float = 0.95) -> AlphaResult:
    """Coefficient alpha, raw and standardized, with Feldt's interval.

    raw = p/(p - 1) (1 - trace(C) / sum(C)) (Cronbach, 1951); limits 1 - (1 - alpha) F with n - 1 and (n - 1)(p - 1)
    degrees of freedom (Feldt, Woodruff & Salih, 1987). Items are not reversed here: an item with a negative item-rest
    correlation is warned about.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, or a p x p correlation matrix with n_obs (raw is then the standardized value).
    missing : {"listwise", "pairwise"}
        As in `correlate`; pairwise correlations are combined with each item's own standard deviation.
    n_obs : int, optional
        Number of cases behind a correlation matrix.
    level : float
        Coverage of the interval, 0-1.
    """
    from scipy.special import fdtri

    level = checks.number(level, "level", low=0, high=1)
    ready = intake.prepare(data, n_obs=n_obs, missing=missing)
    R, n, p = ready.R, ready.n_obs, len(ready.names)
    spread = np.ones(p) if ready.X is None else np.nanstd(ready.X, axis=0, ddof=1)
    C = R * np.outer(spread, spread)
    raw = alpha_core(C)
    df1, df2, tail = n - 1, (n - 1) * (p - 1), (1 - level) / 2
    rest = C.sum(axis=1) - np.diag(C)
    rest_variance = C.sum() - 2 * C.sum(axis=1) + np.diag(C)
    item_rest = np.divide(
        rest, np.sqrt(np.diag(C) * np.maximum(rest_variance, 0)), out=np.full(p, np.nan), where=rest_variance > 0
    )
    dropped = [alpha_core(np.delete(np.delete(C, j, 0), j, 1)) for j in range(p)]
    items = pd.DataFrame({"alpha_if_dropped": dropped, "item_rest": item_rest}, index=ready.names)
    negative = [name for name, value in zip(ready.names, item_rest, strict=True) if value < 0]
    if negative:
        checks.warn(f"Items correlate negatively with the rest: {', '.join(negative)}. Reverse them if so keyed.")
    return AlphaResult(
        raw,
        float(1 - (1 - raw) * fdtri(df1, df2, 1 - tail)),
        float(1 - (1 - raw) * fdtri(df1, df2, tail)),
        alpha_core(R),
        float(np.mean(R[np.triu_indices(p, 1)])),
        items,
        {**ready.settings, "level": level, "interval": "Feldt"},
    )


def omega(
    data: object,
    n_factors: int,
    *,
    rotate: str = "oblimin",
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
    """Omega total and omega hierarchical.

    Minres factors, rotated obliquely; one second-order factor of Phi; Schmid & Leiman (1957); then McDonald (1999,
    ch. 6) and Zinbarg, Revelle, Yovel & Li (2005). Two factors do not identify a second-order factor: both then load
    sqrt(r) on it. With one factor hierarchical equals total.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, or a p x p correlation matrix with n_obs.
    n_factors : int
        Group factors, at least 1.
    rotate : {"oblimin", "quartimin", "geomin", "promax"}
        Oblique rotation.
    flip : bool
        Reflect items that load negatively on the general factor before summing.
    n_boot : int
        Resamples for percentile intervals; 0 for none. Needs raw data.
    level : float
        Coverage, 0-1.
    correlation, missing, n_obs, n_starts, lower_bound, seed
        As in `efa`.
    """
    checks.choice(rotate, rotation.OBLIQUE, "rotate")
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    lower_bound = checks.number(lower_bound, "lower_bound", low=0, high=1)
    spec = rotation.make_spec(rotate, n_starts=n_starts)
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    k = checks.n_factors(n_factors, len(ready.names), "minres")
    seed = checks.resolve_seed(seed)
    if n_boot and ready.X is None:
        raise DataError("A correlation matrix cannot be resampled.", "Give raw data, or n_boot=0.")
    root = np.random.SeedSequence(seed)
    found = schmid_leiman(ready.R, k, spec, np.random.default_rng(root), flip, lower_bound)
    if found.heywood:
        checks.warn(
            "Heywood case: a group factor is no more than the general factor, or an item has no unique variance; "
            "omega hierarchical is uncertain. Try another number of factors."
        )
    g, group, psi, R = found.g, found.group, found.psi, found.R
    total, hierarchical = omega_core(g, psi, R)
    limits = np.full((2, 2), np.nan)
    if n_boot and ready.X is not None:
        draws = []
        for stream in root.spawn(n_boot):
            rng = np.random.default_rng(stream)
            again, _ = resampled_correlations(ready.X[draw(ready.X.shape[0], None, rng)], correlation)
            if again is not None:
                redone = schmid_leiman(again, k, spec, rng, flip, lower_bound)
                draws.append(omega_core(redone.g, redone.psi, redone.R))
        if len(draws) < 2:
            raise DataError("Hardly any resample could be factored.", "Drop columns that hardly vary.")
        limits = np.percentile(np.array(draws), [50 * (1 - level), 50 * (1 + level)], axis=0).T
    factors = [f"F{j + 1}" for j in range(k)]
    table = pd.DataFrame(group, index=ready.names, columns=factors)
    table.insert(0, "g", g)
    table["h2"] = 1 - psi
    table["u2"] = psi
    return OmegaResult(
        total,
        hierarchical,
        (float(limits[0, 0]), float(limits[0, 1])),
        (float(limits[1, 0]), float(limits[1, 1])),
        table,
        _group_omegas(g, group, R, ready.names, factors),
        tuple(name for name, key in zip(ready.names, found.keys, strict=True) if key < 0),
        {
            **ready.settings,
            "n_factors": k,
            "method": "minres",
            **spec.settings(),
            "lower_bound": lower_bound,
            "flip": flip,
            "n_boot": n_boot,
            "level": level,
            "seed": seed,
        },
    )


def alpha_core(C: FloatArray) -> float:
    """Alpha from a covariance matrix C (p x p); NaN for a single item or a sum without variance."""
    p, total = C.shape[0], float(C.sum())
    return float(p / (p - 1) * (1 - np.trace(C) / total)) if p > 1 and total > 0 else float("nan")


def omega_core(g: FloatArray, psi: FloatArray, R: FloatArray) -> tuple[float, float]:
    """Omega total and hierarchical from general loadings g (p), uniquenesses psi (p) and R (p x p)."""
    variance = float(R.sum())
    total = float(1 - psi.sum() / variance)
    return total, total if np.isnan(g).any() else float(g.sum() ** 2 / variance)


def schmid_leiman(
    R: FloatArray, k: int, spec: rotation.Spec, rng: np.random.Generator, flip: bool, lower_bound: float
) -> SchmidLeiman:
    """Factor R (p x p), then Phi, and turn the two into one orthogonal solution."""
    found = extraction.extract(R, k, "minres", lower_bound=lower_bound)
    turned = rotation.ordered(rotation.rotate_core(found.loadings, spec, rng), spec)
    L, phi = turned.loadings, turned.phi
    heywood = bool(found.heywood.any())
    if k == 1:
        g, group = L[:, 0], np.zeros_like(L)
    else:
        if k == 2:
            r = float(phi[0, 1])
            second = np.sqrt(abs(r)) * np.array([1.0, 1.0 if r >= 0 else -1.0])
        else:
            higher = extraction.extract(phi, 1, "minres", lower_bound=lower_bound)
            heywood = heywood or bool(higher.heywood.any())
            # At the bound a minres loading may exceed 1; a factor cannot share more than all of its variance.
            second = np.clip(higher.loadings[:, 0], -np.sqrt(1 - lower_bound), np.sqrt(1 - lower_bound))
        g = L @ second
        group = L * np.sqrt(np.maximum(1 - second**2, 0))
    g = g if g.sum() >= 0 else -g
    keys = np.where(g < 0, -1.0, 1.0) if flip else np.ones_like(g)
    group = group * keys[:, None]
    order, signs = alignment.convention(group, np.eye(k))
    return SchmidLeiman(g * keys, group[:, order] * signs, found.uniquenesses, R * np.outer(keys, keys), keys, heywood)


def _group_omegas(
    g: FloatArray, group: FloatArray, R: FloatArray, names: Sequence[str], factors: Sequence[str]
) -> pd.DataFrame:
    home = np.abs(group).argmax(axis=1)
    rows = []
    for j, factor in enumerate(factors):
        mine = home == j
        variance = float(R[np.ix_(mine, mine)].sum())
        if not mine.any() or variance <= 0:
            rows.append((factor, np.nan, np.nan, np.nan, ""))
            continue
        general = float(g[mine].sum()) ** 2 / variance
        own = float(group[mine, j].sum()) ** 2 / variance
        rows.append((factor, general + own, general, own, ", ".join(np.array(names)[mine])))
    return pd.DataFrame(rows, columns=["factor", "total", "general", "group", "items"]).set_index("factor")
