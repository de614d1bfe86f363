"""The mean and covariance structure of a factor model, and its derivatives. Array core.

For each group, with G = Lambda (I - B)^-1 (p x m),

    Sigma = G Psi G' + Theta,    mu = nu + G alpha

(Joreskog, 1971; Bollen, 1989, eq. 8.26-8.28). Ordered items have underlying variables y* with these moments; what the data
show are correlations and thresholds of y* in the metric d: r_ij = d_i d_j sigma_ij, d_i (tau - mu_i). With "delta"
parameters d is a parameter and residual variances follow; with "theta" d_i = sigma_ii^-1/2 (Muthen & Asparouhov, 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics.confirmatory.table import Parameter

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MATRICES = ("lambda", "beta", "psi", "theta", "nu", "alpha", "tau", "delta")


@dataclass(frozen=True, eq=False)
class Matrices:
    """The matrices of one group (see `table.Parameter`); `owner` says which item each threshold cuts."""

    L: NDArray[Any]
    B: NDArray[Any]
    Psi: NDArray[Any]
    Theta: NDArray[Any]
    nu: NDArray[Any]
    alpha: NDArray[Any]
    tau: NDArray[Any]
    delta: NDArray[Any]

    @property
    def total(self) -> NDArray[Any]:
        """(I - B)^-1: effects of factors on factors, m x m."""
        return np.linalg.inv(np.eye(self.B.shape[0]) - self.B)

    @property
    def sigma(self) -> NDArray[Any]:
        """Covariances Sigma, p x p."""
        G = self.L @ self.total
        return np.asarray(G @ self.Psi @ G.T + self.Theta)

    @property
    def mu(self) -> NDArray[Any]:
        """Means mu, p."""
        return np.asarray(self.nu + self.L @ (self.total @ self.alpha))

    @property
    def phi(self) -> NDArray[Any]:
        """Factor covariances (I - B)^-1 Psi (I - B)^-T, m x m."""
        T = self.total
        return np.asarray(T @ self.Psi @ T.T)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of one group as arrays: matrix (index in MATRICES), places i and j, and the free parameter of each."""

    matrix: IntArray
    i: IntArray
    j: IntArray
    parameter: IntArray

    @classmethod
    def of(cls, cells: Sequence[tuple[str, int, int, int]]) -> Cells:
        """From (matrix, i, j, parameter) tuples."""
        array = np.array([(MATRICES.index(m), i, j, k) for m, i, j, k in cells], dtype=np.int64).reshape(-1, 4)
        return cls(*array.T)


class Structure:
    """A model of G groups with q free parameters theta.

    Parameters
    ----------
    table : sequence of Parameter
        From `table.parameters`; free cells with the same label share a parameter.
    observed, factors : sequence of str
        Names of the p rows and m columns.
    owner : array, optional
        For ordered items, the item that each threshold cuts.
    parameterization : {"delta", "theta"}
        Of ordered items.
    """

    def __init__(
        self,
        table: Sequence[Parameter],
        observed: Sequence[str],
        factors: Sequence[str],
        *,
        owner: IntArray | None = None,
        parameterization: str = "delta",
    ) -> None:
        self.table, self.observed, self.factors = list(table), list(observed), list(factors)
        self.owner = np.zeros(0, dtype=np.int64) if owner is None else owner
        self.ordered = owner is not None
        self.parameterization = parameterization
        self.n_groups = 1 + max(p.group for p in table)
        self.index, self.names = _number(self.table)
        self.base = [self._fixed(g) for g in range(self.n_groups)]
        self.cells = [
            Cells.of(
                [
                    (p.matrix, p.i, p.j, k)
                    for p, k in zip(self.table, self.index, strict=True)
                    if p.group == g and p.free
                ]
            )
            for g in range(self.n_groups)
        ]
        self.own = [np.unique(cells.parameter, return_inverse=True) for cells in self.cells]
        self.means = any(p.op == "~1" for p in self.table)

    @property
    def q(self) -> int:
        """Number of free parameters."""
        return len(self.names)

    def _empty(self) -> dict[str, FloatArray]:
        p, m, t = len(self.observed), len(self.factors), self.owner.size
        shapes: dict[str, tuple[int, ...]] = {
            "lambda": (p, m),
            "beta": (m, m),
            "psi": (m, m),
            "theta": (p, p),
            "nu": (p,),
            "alpha": (m,),
            "tau": (t,),
            "delta": (p,),
        }
        return {name: np.ones(shape) if name == "delta" else np.zeros(shape) for name, shape in shapes.items()}

    def _fixed(self, g: int) -> dict[str, FloatArray]:
        arrays = self._empty()
        for p in self.table:
            if p.group == g and not p.free:
                _put(arrays[p.matrix], p.i, p.j, p.value, p.matrix in ("psi", "theta"))
        return arrays

    def matrices(self, theta: NDArray[Any]) -> list[Matrices]:
        """Matrices of each group at theta (q); complex theta gives complex matrices."""
        out = []
        for base, cells in zip(self.base, self.cells, strict=True):
            arrays = {name: array.astype(theta.dtype) for name, array in base.items()}
            for code, name in enumerate(MATRICES):
                here = cells.matrix == code
                i, j, value = cells.i[here], cells.j[here], theta[cells.parameter[here]]
                if arrays[name].ndim == 1:
                    arrays[name][i] = value
                else:
                    arrays[name][i, j] = value
                    if name in ("psi", "theta"):
                        arrays[name][j, i] = value
            found = Matrices(*arrays.values())
            if self.ordered and self.parameterization == "delta":
                _complete_variances(found)
            out.append(found)
        return out

    def derivatives(self, group: Matrices, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Derivatives of mu (c x p) and Sigma (c x p x p) in c cells; thresholds and scales have none here."""
        p = group.L.shape[0]
        T = group.total
        G, latent = group.L @ T, T @ group.alpha
        C = T @ group.Psi @ G.T  # covariances of factors with variables, m x p
        eye = np.eye(p)
        left, right, mean = (np.zeros((cells.i.size, p)) for _ in range(3))
        kind = [cells.matrix == code for code in range(len(MATRICES))]
        for here, rows in ((kind[0], eye), (kind[1], G.T)):  # lambda, beta
            left[here], right[here] = rows[cells.i[here]], C[cells.j[here]]
            mean[here] = left[here] * latent[cells.j[here]][:, None]
        for here, rows in ((kind[2], G.T), (kind[3], eye)):  # psi, theta
            half = np.where(cells.i[here] == cells.j[here], 0.5, 1.0)[:, None]
            left[here], right[here] = rows[cells.i[here]], rows[cells.j[here]] * half
        mean[kind[4]] = eye[cells.i[kind[4]]]
        mean[kind[5]] = G.T[cells.i[kind[5]]]
        if not self.means:
            mean[:] = 0.0
        product = left[:, :, None] * right[:, None, :]
        return mean, product + product.transpose(0, 2, 1)

    def jacobian(self, group: Matrices, g: int) -> tuple[IntArray, FloatArray, FloatArray]:
        """Parameters of group g (r of the q), and the derivatives of mu (r x p) and Sigma (r x p x p) in them.

        Without mean structure mu has none: it is the sample mean whatever theta.
        """
        cells, (own, place) = self.cells[g], self.own[g]
        mean, sigma = self.derivatives(group, cells)
        return own, _gather(mean, place, own.size), _gather(sigma, place, own.size)

    def ordinal_moments(self, group: Matrices) -> FloatArray:
        """Thresholds, then correlations (order of ``np.tril_indices(p, -1)``), in the metric of the data."""
        S, d = group.sigma, self._scale(group)
        i, j = np.tril_indices(S.shape[0], -1)
        tau = d[self.owner] * (group.tau - group.mu[self.owner])
        return np.concatenate([tau, d[i] * d[j] * S[i, j]])

    def ordinal_jacobian(self, group: Matrices, cells: Cells) -> FloatArray:
        """Derivatives of `ordinal_moments` (moments x c) in c cells."""
        S, d, mu = group.sigma, self._scale(group), group.mu
        i, j = np.tril_indices(S.shape[0], -1)
        o = self.owner
        mean, sigma = self.derivatives(group, cells)
        tau = np.zeros((cells.i.size, o.size))
        here = np.flatnonzero(cells.matrix == MATRICES.index("tau"))
        tau[here, cells.i[here]] = 1.0
        rho = d[i] * d[j] * sigma[:, i, j]
        cut = d[o] * (tau - mean[:, o])
        if self.parameterization == "theta":
            change = -0.5 * d**3 * sigma[:, np.arange(d.size), np.arange(d.size)]
        else:
            change = np.zeros((cells.i.size, d.size))
            here = np.flatnonzero(cells.matrix == MATRICES.index("delta"))
            change[here, cells.i[here]] = 1.0
        rho += (change[:, i] * d[j] + d[i] * change[:, j]) * S[i, j]
        cut += change[:, o] * (group.tau - mu[o])
        return np.hstack([cut, rho]).T

    def ordinal_delta(self, group: Matrices, g: int) -> FloatArray:
        """Derivatives of `ordinal_moments` (moments x q) of group g in theta."""
        cells = self.cells[g]
        return _gather(self.ordinal_jacobian(group, cells).T, cells.parameter, self.q).T

    def _scale(self, group: Matrices) -> FloatArray:
        return np.asarray(group.delta if self.parameterization == "delta" else np.diag(group.sigma) ** -0.5)


def _complete_variances(group: Matrices) -> None:
    """Residual variances that give y* the variance 1 / delta^2 ("delta" parameters)."""
    diagonal = np.arange(group.L.shape[0])
    group.Theta[diagonal, diagonal] = 0.0
    group.Theta[diagonal, diagonal] = group.delta**-2.0 - np.diag(group.sigma)


def _number(table: Sequence[Parameter]) -> tuple[list[int], list[str]]:
    """Index of the free parameter of each row (-1 if fixed) and a readable name of each parameter."""
    fixed = {p.label for p in table if p.label and not p.free}
    clash = [p for p in table if p.free and p.label in fixed]
    if clash:
        raise SettingError(
            f"Label {clash[0].label} joins {clash[0].name} to a parameter that is fixed.",
            "Free the other one with NA*, or fix both to the value.",
        )
    known: dict[str, int] = {}
    index: list[int] = []
    names: list[str] = []
    several = any(p.group for p in table)
    for p in table:
        if not p.free:
            index.append(-1)
        elif p.label and p.label in known:
            index.append(known[p.label])
        else:
            known |= {p.label: len(names)} if p.label else {}
            index.append(len(names))
            names.append(f"{p.name} (group {p.group + 1})" if several else p.name)
    return index, names


def _put(array: FloatArray, i: int, j: int, value: float, symmetric: bool) -> None:
    if array.ndim == 1:
        array[i] = value
    else:
        array[i, j] = value
        if symmetric:
            array[j, i] = value


def _gather(cells: FloatArray, parameter: IntArray, q: int) -> FloatArray:
    if q == cells.shape[0] and np.array_equal(parameter, np.arange(q)):
        return cells
    out = np.zeros((q, *cells.shape[1:]))
    np.add.at(out, parameter, cells)
    return out
