"""Standard errors of rotated loadings and factor correlations by the delta method, without resampling.

A rotated solution is a function of the correlations: it minimises the fit function under the constraints that say it is
rotated. Its covariance follows from the bordered Hessian (Jennrich, 1974, https://doi.org/10.1007/BF02291470; Browne,
1984; Yuan, Marshall & Bentler, 2002) and the covariance of the correlations. "information": expected Hessian and
normal-theory covariance at the model. "sandwich": observed Hessian and distribution-free covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation.spec import Spec
from valuelex.psychometrics.rotation.weighting import row_weights
from valuelex.psychometrics.threads import one_thread

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.result import EFAResult

FloatArray = NDArray[np.float64]

KINDS = ("information", "sandwich")
METHODS = ("ml", "minres", "paf", "dwls")
LARGEST = 60  # variables; the p* x p* covariance of the correlations grows with the fourth power
STEP = 1e-5  # of the central differences of the rotation constraints


@dataclass(frozen=True, eq=False)
class StandardErrorResult(Result):
    """`frame` has one row per loading: variable, factor, loading, se, z, p, ci_low, ci_high; `phi` likewise per pair."""

    frame: pd.DataFrame
    phi: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Columns variable, factor, loading, se, z, p, ci_low, ci_high."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Standard errors ({self.settings['kind']}), median {self.frame['se'].median():.3f}"


@one_thread
def standard_errors(result: EFAResult, kind: str, *, level: float) -> StandardErrorResult:
    """See `EFAResult.standard_errors`.

    Raises
    ------
    SettingError
        Extraction or rotation for which the method does not hold (components, promax): bootstrap those.
    DataError
        "sandwich" without complete raw data, a Heywood case, or more than 60 variables.
    """
    checks.choice(kind, KINDS, "kind")
    level = checks.number(level, "level", low=0, high=1)
    _possible(result)
    L, phi = result.loadings.to_numpy(), result.phi.to_numpy()
    k = L.shape[1]
    n = result.source.n_obs
    implied = result.correlations.to_numpy() - result.residuals.to_numpy()
    if result.source.moments is not None:
        covariance = _incomplete_covariance(result, L, phi, implied, kind)
    else:
        gamma = _gamma(result, kind, implied)
        covariance = _covariance(result, L, phi, gamma, implied, kind) / n
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    loading_se, phi_se = se[: L.size].reshape(L.shape), se[L.size : L.size + k * (k - 1) // 2]
    factors = list(result.loadings.columns)
    names = {
        "variable": np.repeat(list(result.loadings.index), k),
        "factor": np.tile(factors, L.shape[0]),
    }
    frame = pd.DataFrame(names | _wald("loading", L.ravel(), loading_se.ravel(), level))
    i, j = np.tril_indices(k, -1)
    pairs = {"factor": [factors[a] for a in j], "with": [factors[a] for a in i]}
    oblique = result.spec.oblique and k > 1
    table = pd.DataFrame(pairs | _wald("correlation", phi[i, j], phi_se if oblique else np.zeros(i.size), level))
    settings = {
        "method": result.settings["method"],
        "rotation": result.settings["rotation"],
        "kind": kind,
        "level": level,
        "interval": "Wald",
        "n_obs": n,
        "correlations": result.settings.get("correlation", "given"),
    }
    return StandardErrorResult(frame, table if oblique else table.iloc[:0], settings)


def normal_gamma(R: FloatArray) -> FloatArray:
    """Covariance (p* x p*) of sqrt(n) (r - rho) under normality (Pearson & Filon, 1898; Olkin & Siotani, 1976).

    Pairs in the order of ``np.tril_indices(p, -1)``.
    """
    i, j = np.tril_indices(R.shape[0], -1)
    ik, il, jk, jl = (R[np.ix_(a, b)] for a, b in ((i, i), (i, j), (j, i), (j, j)))
    ij = R[i, j][:, None]
    kl = R[i, j][None, :]
    return np.asarray(
        0.5 * ij * kl * (ik**2 + il**2 + jk**2 + jl**2)
        + ik * jl
        + il * jk
        - ij * (ik * il + jk * jl)
        - kl * (ik * jk + il * jl)
    )


def _possible(result: EFAResult) -> None:
    if result.settings["method"] not in METHODS:
        raise SettingError(
            f"Standard errors hold for {', '.join(METHODS)}, not for {result.settings['method']}.", "Use .bootstrap()."
        )
    if result.n_factors > 1 and result.spec.method in ("promax", "none", "simplimax"):
        raise SettingError(
            f"Rotation {result.spec.method} does not end where a smooth criterion is stationary.", "Use .bootstrap()."
        )
    if result.heywood:
        raise DataError(
            f"Heywood case ({', '.join(result.heywood)}): standard errors are not defined.", "Use .bootstrap()."
        )
    p = len(result.loadings)
    if p > LARGEST:
        raise DataError(f"{p} variables are too many for the covariance of all correlations.", "Use .bootstrap().")


def _gamma(result: EFAResult, kind: str, implied: FloatArray) -> FloatArray:
    from valuelex.psychometrics.correlation import asymptotic
    from valuelex.psychometrics.correlation.polychoric import Polychoric

    source, correlation = result.source, result.settings.get("correlation", "pearson")
    if isinstance(source.estimate, Polychoric) and source.X is not None:
        return asymptotic.asymptotic_covariance(source.X, source.estimate)  # normal theory does not hold for these
    if correlation not in ("pearson",):
        raise SettingError(f"Standard errors are not known for {correlation} correlations.", "Use .bootstrap().")
    if kind == "information":
        return normal_gamma(implied)
    if source.X is None or np.isnan(source.X).any():
        raise DataError("Sandwich standard errors need complete raw data.", "Use kind='information' or .bootstrap().")
    return asymptotic.asymptotic_covariance_pearson(source.X)


def _covariance(
    result: EFAResult, L: FloatArray, phi: FloatArray, gamma: FloatArray, implied: FloatArray, kind: str
) -> FloatArray:
    """Covariance of sqrt(n) times (loadings by rows, phi by pairs)."""
    p, k = L.shape
    oblique = result.spec.oblique and k > 1
    model = _Model(
        result.correlations.to_numpy(),
        phi,
        oblique,
        result.settings["method"],
        1 / np.diag(gamma) if result.settings["method"] == "dwls" else np.ones(p * (p - 1) // 2),
    )
    theta = model.pack(L, phi, np.diag(implied - L @ phi @ L.T))
    delta, weight = model.jacobian(theta), model.weight(implied)
    hessian = delta.T @ weight @ delta if kind == "information" else model.hessian(theta)
    border = _constraint_jacobian(L, phi, result.spec, oblique)
    border = np.pad(border, ((0, 0), (0, theta.size - border.shape[1])))
    influence = _bordered_inverse(hessian, border) @ delta.T @ weight
    influence = influence[:, : gamma.shape[0]]  # correlations have no variance on the diagonal
    return np.asarray(influence @ gamma @ influence.T)


def _incomplete_covariance(
    result: EFAResult, L: FloatArray, phi: FloatArray, implied: FloatArray, kind: str
) -> FloatArray:
    """Covariance of (loadings by rows, phi by pairs) from incomplete data: each case informs by the cells it has.

    The expected information of the moments is summed over patterns of missing cells. Full-information ML minimises in
    its metric; other methods were fitted to the EM correlations (two-stage), whose covariance is its inverse.
    """
    if kind != "information":
        raise DataError(
            "Sandwich standard errors need complete raw data.",
            "Use kind='information' (normal data, missing at random), or .bootstrap().",
        )
    X = result.source.X
    if X is None:
        raise DataError("The raw data are gone.", "Fit the model again, or use .bootstrap().")
    p, k = L.shape
    oblique = result.spec.oblique and k > 1
    information = _pattern_information(X, implied)
    pairs = p * (p - 1) // 2
    model = _Model(implied, phi, oblique, "minres", np.ones(pairs))
    theta = model.pack(L, phi, np.zeros(p))
    delta = model.jacobian(theta)
    border = _constraint_jacobian(L, phi, result.spec, oblique)
    i, j = np.tril_indices(p, -1)
    # A variance is a squared standard deviation; a covariance moves with both: derivatives in their logarithms.
    scale_rows = np.zeros((pairs + p, p))
    scale_rows[np.arange(pairs), i] = scale_rows[np.arange(pairs), j] = implied[i, j]
    scale_rows[pairs + np.arange(p), np.arange(p)] = 2.0
    if result.settings["method"] == "ml":
        full = np.hstack([np.vstack([delta, np.zeros((p, delta.shape[1]))]), scale_rows])
        border = np.pad(border, ((0, 0), (0, full.shape[1] - border.shape[1])))
        return _bordered_inverse(full.T @ information @ full, border)[: theta.size, : theta.size]
    moments = np.linalg.inv(information)
    to_correlations = np.hstack([np.eye(pairs), -0.5 * scale_rows[:pairs]])
    gamma = to_correlations @ moments @ to_correlations.T
    weight = model.weight(implied)
    influence = _bordered_inverse(delta.T @ weight @ delta, border) @ delta.T @ weight
    return np.asarray(influence @ gamma @ influence.T)


def _pattern_information(X: FloatArray, S: FloatArray) -> FloatArray:
    """Expected information of the pairs of S, then of its diagonal, over the missing-data patterns of X (totals, not / n)."""
    from valuelex.psychometrics.correlation.expectation import patterns

    p = S.shape[0]
    i, j = np.tril_indices(p, -1)
    i, j = np.concatenate([i, np.arange(p)]), np.concatenate([j, np.arange(p)])
    once = np.where(i == j, 0.5, 1.0)
    total = np.zeros((i.size, i.size))
    for group in patterns(X):
        Q = np.zeros_like(S)
        Q[np.ix_(group.seen, group.seen)] = np.linalg.inv(S[np.ix_(group.seen, group.seen)])
        total += group.n * (Q[np.ix_(i, i)] * Q[np.ix_(j, j)] + Q[np.ix_(i, j)] * Q[np.ix_(j, i)])
    return np.asarray(total * np.outer(once, once))


def _bordered_inverse(hessian: FloatArray, border: FloatArray) -> FloatArray:
    """The block of the inverse that belongs to the parameters, under the linearised constraints."""
    size, m = hessian.shape[0], border.shape[0]
    scale = np.trace(hessian) / size
    bordered = np.block([[hessian, scale * border.T], [scale * border, np.zeros((m, m))]])
    try:
        return np.asarray(np.linalg.solve(bordered, np.eye(size + m)[:, :size])[:size])
    except np.linalg.LinAlgError as error:
        raise DataError(
            "The rotated solution is not determined by the data (its information matrix is singular).",
            "Try fewer factors or another rotation, or use .bootstrap().",
        ) from error


@dataclass(frozen=True, eq=False)
class _Model:
    """Half the fit function in theta = (loadings by rows, phi by pairs, uniquenesses for ML).

    Moments are the pairs of variables (lower triangle) and, for ML, then the diagonal.
    """

    R: FloatArray
    phi: FloatArray
    oblique: bool
    method: str
    weights: FloatArray

    def pack(self, L: FloatArray, phi: FloatArray, psi: FloatArray) -> FloatArray:
        parts = [L.ravel()]
        if self.oblique:
            parts.append(phi[np.tril_indices(phi.shape[0], -1)])
        return np.concatenate([*parts, psi] if self.method == "ml" else parts)

    def unpack(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        p, k = self.R.shape[0], self.phi.shape[0]
        L, rest, phi = theta[: p * k].reshape(p, k), theta[p * k :], self.phi.copy()
        if self.oblique:
            a, b = np.tril_indices(k, -1)
            phi[a, b] = phi[b, a] = rest[: a.size]
        return L, phi, rest[-p:]

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Derivatives of the moments in theta."""
        L, phi, _ = self.unpack(theta)
        p, k = L.shape
        i, j = np.tril_indices(p, -1)
        if self.method == "ml":
            i, j = np.concatenate([i, np.arange(p)]), np.concatenate([j, np.arange(p)])
        row, M = np.arange(i.size), L @ phi
        delta = np.zeros((i.size, p, k))
        delta[row, i] += M[j]
        delta[row, j] += M[i]
        parts = [delta.reshape(i.size, p * k)]
        if self.oblique:
            a, b = np.tril_indices(k, -1)
            parts.append(L[i][:, a] * L[j][:, b] + L[i][:, b] * L[j][:, a])
        if self.method == "ml":
            parts.append(np.eye(i.size)[:, i.size - p :])
        return np.hstack(parts)

    def weight(self, S: FloatArray) -> FloatArray:
        """Second derivative of half the fit function in the moments."""
        if self.method != "ml":
            return np.diag(self.weights)
        p = S.shape[0]
        i, j = np.tril_indices(p, -1)
        i, j = np.concatenate([i, np.arange(p)]), np.concatenate([j, np.arange(p)])
        Q = np.linalg.inv(S)
        full = Q[np.ix_(i, i)] * Q[np.ix_(j, j)] + Q[np.ix_(i, j)] * Q[np.ix_(j, i)]
        once = np.where(i == j, 0.5, 1.0)  # an element off the diagonal stands twice in the matrix
        return np.asarray(full * np.outer(once, once))

    def gradient(self, theta: FloatArray) -> FloatArray:
        L, phi, psi = self.unpack(theta)
        S = L @ phi @ L.T
        p = S.shape[0]
        lower = np.tril_indices(p, -1)
        if self.method != "ml":
            return np.asarray(self.jacobian(theta).T @ (self.weights * (S - self.R)[lower]))
        Q = np.linalg.inv(S + np.diag(psi))
        M = Q - Q @ self.R @ Q
        return np.asarray(self.jacobian(theta).T @ np.concatenate([M[lower], np.diag(M) / 2]))

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Observed second derivatives, by central differences of the gradient."""
        columns = [
            (self.gradient(theta + move) - self.gradient(theta - move)) / (2 * STEP)
            for move in STEP * np.eye(theta.size)
        ]
        H = np.array(columns)
        return (H + H.T) / 2


def _constraint_jacobian(L: FloatArray, phi: FloatArray, spec: Spec, oblique: bool) -> FloatArray:
    """Derivatives of the rotation's stationarity conditions in (loadings by rows, phi by pairs).

    Oblique: L' dQ/dL Phi^-1 is diagonal (Jennrich, 1973b, eq. 20); orthogonal: L' dQ/dL is symmetric (1974, eq. 8).
    """
    p, k = L.shape
    if k == 1:
        return np.zeros((0, p))
    n_phi = k * (k - 1) // 2 if oblique else 0
    size = p * k + n_phi
    a, b = np.tril_indices(k, -1)
    moves = STEP * np.vstack([np.eye(size), -np.eye(size)])
    stack = L + moves[:, : p * k].reshape(-1, p, k)
    phis = np.repeat(phi[None], 2 * size, axis=0)
    if oblique:
        phis[:, a, b] += moves[:, p * k :]
        phis[:, b, a] += moves[:, p * k :]
    rule = "kaiser" if spec.normalize == "varimax" else spec.normalize
    if rule in (True, "kaiser"):
        h = np.sqrt(np.einsum("sij,sjl,sil->si", stack, phis, stack))[:, :, None]
    else:
        weights = row_weights(L, rule) if rule else np.ones(p)
        h = np.broadcast_to(weights[None, :, None], (2 * size, p, 1))
    _, G = spec.criterion(p, k)(stack / h)
    C = stack.transpose(0, 2, 1) @ (G / h)
    if oblique:
        C = C @ np.linalg.inv(phis)
        values = C[:, ~np.eye(k, dtype=bool)]
    else:
        values = (C - C.transpose(0, 2, 1))[:, a, b]
    return np.asarray((values[:size] - values[size:]).T / (2 * STEP))


def _wald(name: str, estimate: FloatArray, se: FloatArray, level: float) -> dict[str, FloatArray]:
    from scipy.special import ndtr, ndtri

    z = np.divide(estimate, se, out=np.full_like(estimate, np.nan), where=se > 0)
    width = float(ndtri(0.5 + level / 2)) * se
    return {
        name: estimate,
        "se": se,
        "z": z,
        "p": 2 * ndtr(-np.abs(z)),
        "ci_low": estimate - width,
        "ci_high": estimate + width,
    }
