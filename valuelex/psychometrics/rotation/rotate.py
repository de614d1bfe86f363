"""Step 5: rotation to simple structure; `projection` does the minimising, `criteria` says what is minimised.

Convention: oblique loadings are L = A (T')^-1 with factor correlations Phi = T'T, T having unit columns; for orthogonal
rotation T'T = I and L = A T.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics import alignment, checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation.minima import Minima, find_minima
from valuelex.psychometrics.rotation.projection import turn
from valuelex.psychometrics.rotation.spec import DEFAULT_STARTS, METHODS, OBLIQUE, Spec, fits, make_spec
from valuelex.psychometrics.rotation.weighting import row_weights
from valuelex.psychometrics.threads import one_thread

__all__ = ["DEFAULT_STARTS", "METHODS", "OBLIQUE", "Rotated", "RotationResult", "Spec", "make_spec", "rotate"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rotated:
    """Array result: loadings (p x k), Phi (k x k), T (k x k), and the minima that the starts ended in."""

    loadings: FloatArray
    phi: FloatArray
    T: FloatArray
    value: float
    gradient: float
    converged: bool
    minima: Minima


@dataclass(frozen=True, eq=False)
class RotationResult(Result):
    """Rotated loadings with everything needed to judge them.

    `minima` lists the distinct local minima, best first: criterion `value`, `count` and `share` of starts, `hyperplane`,
    the number of loadings below .10 in absolute size, and `converged`; `minimum(i)` gives the i-th solution. `T` turns
    the input into `loadings` (see module).
    """

    loadings: pd.DataFrame
    phi: pd.DataFrame
    T: FloatArray
    value: float
    gradient: float
    converged: bool
    minima: pd.DataFrame
    settings: dict[str, Any]
    unrotated: pd.DataFrame = field(repr=False)
    spec: Spec = field(repr=False)
    found: Rotated = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Variables x factors."""
        return self.loadings.copy()

    def minimum(self, i: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Pattern (p x k) and Phi (k x k) of row i of `minima`, in this package's order of factors."""
        return labelled(minimum(self.unrotated.to_numpy(), self.found, self.spec, i), self.loadings)

    def _headline(self) -> str:
        return f"Rotation: {self.settings['rotation']}, criterion {self.value:.6f}, {len(self.minima)} distinct minima"


def rotate(
    loadings: object,
    method: str = "oblimin",
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
    seed: int | None = None,
) -> RotationResult:
    """Rotate a loading matrix; keep the best of many starts and report every minimum found.

    Factors come back in order of variance explained, each reflected so that its loadings sum to a positive number, with
    Phi moved along; the general factor of "bifactor" stays first, and "target" keeps the target's order
    and signs. One
    factor, or method "none", is returned as is.

    Parameters
    ----------
    loadings : DataFrame or array, p x k
        Unrotated (orthogonal) loadings.
    method : str
        "none"; usually orthogonal: "varimax", "quartimax", "equamax", "parsimax", "bifactor"; usually oblique:
        "promax", "oblimin", "quartimin", "geomin", "crawford_ferguson", "simplimax", "bentler", "infomax", "target".
    oblique : bool, optional
        Overrides the usual; varimax and the other three of that row then take their Crawford-Ferguson form.
    n_starts : int
        Starts: the identity, then random orthogonal matrices. 100 reach the best minimum of all criteria but simplimax
        on our data sets, 30 in 96-100 %; varimax, quartimax and oblimin have one minimum there.
    normalize : bool or {"kaiser", "cureton-mulaik", "varimax"}, optional
        Row weights. None takes the usual convention: Kaiser (True) for varimax and promax, none otherwise (as
        GPArotation and psych). For promax, "varimax" normalises only its varimax step (as stats::promax and lavaan).
    gamma : float
        Oblimin's parameter, at most 1; 0 is quartimin, higher lets factors correlate more, and the criterion may then
        have no minimum: look at `converged`.
    epsilon : float
        Geomin's offset; .01 (GPArotation) and .001 (lavaan, Mplus for few factors) give different solutions.
    power : float
        Promax power, above 1.
    kappa : float
        Crawford-Ferguson weight of column complexity, 0-1.
    n_zeros : int, optional
        How many loadings simplimax drives to zero; default p (as GPArotation).
    target : array, p x k, optional
        For "target": the loadings aimed at; NaN leaves a cell free (partially specified).
    target_weights : array, p x k, optional
        Weight of each target cell; default 1.
    tolerance : float
        Norm of the projected gradient at which a start stops; the best one is then polished to 1e-9.
    max_iter : int
        Most iterations.
    seed : int, optional
        Of the random starts; stored with the result.

    Notes
    -----
    Criteria and their sources stand in `criteria` (Browne, 2001, reviews them); gradient projection by Jennrich (2001,
    2002) and Bernaards & Jennrich (2005).

    Raises
    ------
    SettingError
        Unknown method or setting out of range.
    DataError
        Loadings with missing cells, more factors than variables, or a target of another shape.
    """
    frame = checks.loadings(loadings)
    spec = make_spec(
        method,
        oblique=oblique,
        n_starts=n_starts,
        normalize=normalize,
        gamma=gamma,
        epsilon=epsilon,
        power=power,
        kappa=kappa,
        n_zeros=n_zeros,
        target=target,
        target_weights=target_weights,
        tolerance=tolerance,
        max_iter=max_iter,
    )
    fits(spec, *frame.shape)
    seed = checks.resolve_seed(seed)
    found = rotate_core(frame.to_numpy(), spec, np.random.default_rng(seed))
    turned = found
    if frame.shape[1] > 1 and spec.method != "none":
        turned = ordered(found, spec)
    names = pd.Index([f"F{j + 1}" for j in range(frame.shape[1])])
    return RotationResult(
        pd.DataFrame(turned.loadings, index=frame.index, columns=names),
        pd.DataFrame(turned.phi, index=names, columns=names),
        turned.T,
        turned.value,
        turned.gradient,
        turned.converged,
        found.minima.frame,
        {**spec.settings(), "seed": seed},
        frame,
        spec,
        found,
    )


@one_thread
def rotate_core(A: FloatArray, spec: Spec, rng: np.random.Generator) -> Rotated:
    """Rotate A (p x k) from `spec.n_starts` starts; factors in the order in which they were found."""
    k = A.shape[1]
    if k == 1 or spec.method == "none":
        return Rotated(A.copy(), np.eye(k), np.eye(k), 0.0, 0.0, True, Minima.single(A))
    weights = row_weights(A, "kaiser" if spec.normalize == "varimax" else spec.normalize)
    minima = find_minima(A / weights[:, None], weights, spec, rng)
    loadings, phi, T = finish(A, minima.T[0], spec)
    gradient = float(minima.gradients[0])
    return Rotated(loadings, phi, T, float(minima.values[0]), gradient, gradient <= spec.tolerance, minima)


def finish(A: FloatArray, T: FloatArray, spec: Spec) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Loadings, Phi and T from the T that minimises the criterion; promax takes its oblique step here."""
    k = A.shape[1]
    if spec.method == "promax":
        rule = False if spec.normalize == "varimax" else spec.normalize
        T = promax_step(A / row_weights(A, rule)[:, None], T, spec.power, spec.promax_target)
    loadings = turn(A, T[None], spec.oblique)[0]
    phi = T.T @ T if spec.oblique else np.eye(k)
    if spec.oblique:
        np.fill_diagonal(phi, 1.0)
    return loadings, phi, T


def minimum(A: FloatArray, found: Rotated, spec: Spec, i: int) -> Rotated:
    """The i-th minimum of A (p x k) as a solution of its own, ordered."""
    checks.integer(i, "i", low=0, high=len(found.minima.values) - 1)
    if A.shape[1] == 1 or spec.method == "none":
        return found
    loadings, phi, T = finish(A, found.minima.T[i], spec)
    return ordered(replace(found, loadings=loadings, phi=phi, T=T, value=float(found.minima.values[i])), spec)


def labelled(found: Rotated, like: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Loadings and Phi with the names of `like` (p x k)."""
    return (
        pd.DataFrame(found.loadings, index=like.index, columns=like.columns),
        pd.DataFrame(found.phi, index=like.columns, columns=like.columns),
    )


def ordered(found: Rotated, spec: Spec) -> Rotated:
    """Sort by variance explained and reflect, Phi and T with the loadings, where the criterion leaves that open."""
    k = found.loadings.shape[1]
    order, signs = alignment.convention(found.loadings, found.phi)
    free = spec.exchangeable(k)
    order = np.concatenate([np.arange(free.start), order[order >= free.start]]).astype(np.int64)
    signs = alignment.reflection(found.loadings[:, order])
    # A target says which way a factor points, unless all it says is where the zeros are.
    signs = np.where(spec.reflectable(k), signs, 1.0)
    return replace(
        found,
        loadings=found.loadings[:, order] * signs,
        phi=found.phi[np.ix_(order, order)] * np.outer(signs, signs),
        T=found.T[:, order] * signs,
    )


def promax_step(V: FloatArray, T: FloatArray, power: float, kind: str = "power") -> FloatArray:
    """Hendrickson & White (1964): from orthogonal T, regress V T on its signed power; return the oblique T.

    `kind` "normalized" takes the power of unit-length rows, in the rows' own lengths (SPSS, EFAtools).
    """
    L = V @ T
    base = L / row_weights(L, "kaiser")[:, None] if kind == "normalized" else L
    target = np.sign(L) * np.abs(base) ** power
    if np.linalg.matrix_rank(L) < L.shape[1]:
        return T  # a factor of zeros has no target; the orthogonal solution stands
    U = np.linalg.lstsq(L, target, rcond=None)[0]
    U *= np.sqrt(np.diag(np.linalg.inv(U.T @ U)))
    return np.asarray(np.linalg.inv(T @ U).T)
