"""One general and k group factors, all orthogonal: by Schmid and Leiman, or by bifactor rotation. Array core.

Symbols: R correlations (p x p), A unrotated and L rotated loadings, Phi factor correlations, g general loadings (p),
psi uniquenesses (p).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import alignment, extraction
from valuelex.psychometrics.extraction.stack import extract_stack
from valuelex.psychometrics.rotation import rotate as rotation
from valuelex.psychometrics.rotation.resampled import rotate_stack

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SOLUTIONS = ("schmid-leiman", "bifactor")
TOLERANCE = 1e-6  # of a resample's extraction and rotation, far below sampling error


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """General loadings g (p), group loadings (p x k), psi (p), R and keys (p) after reflection of items.

    The rest is what a resample starts from: unrotated loadings A, rotation T, second-order loadings (k), and the order
    and signs in which the group factors stand.
    """

    g: FloatArray
    group: FloatArray
    psi: FloatArray
    R: FloatArray
    keys: FloatArray
    heywood: bool
    A: FloatArray
    T: FloatArray
    second: FloatArray
    order: IntArray
    signs: FloatArray


@dataclass(frozen=True, eq=False)
class Hierarchies:
    """The same for a stack of s matrices, items reflected alike: g (s x p), group (s x p x k), psi (s x p)."""

    g: FloatArray
    group: FloatArray
    psi: FloatArray


def hierarchy(
    R: FloatArray, k: int, spec: rotation.Spec, rng: np.random.Generator, flip: bool, lower_bound: float
) -> Hierarchy:
    """Factor R into a general and k group factors.

    Schmid & Leiman (1957) from k oblique factors; with `spec` a bifactor rotation, k + 1 orthogonal factors rotated so
    that all but the first have simple structure (Jennrich & Bentler, 2011). k = 1: the one factor is the general one.
    """
    bifactor = spec.method == "bifactor" and k > 1
    found = extraction.extract(R, k + 1 if bifactor else k, "minres", lower_bound=lower_bound)
    turned = rotation.ordered(rotation.rotate_core(found.loadings, spec, rng), spec)
    L, T = turned.loadings, turned.T
    heywood = bool(found.heywood.any())
    second = np.ones(1)
    if bifactor:
        g, group = L[:, 0], L[:, 1:]
    else:
        second, at_bound = _second_order(turned.phi, lower_bound)
        heywood = heywood or at_bound
        g, group = _schmid_leiman(L, second)
    if g.sum() < 0:
        g, second = -g, -second
    keys = np.where(g < 0, -1.0, 1.0) if flip else np.ones_like(g)
    group = group * keys[:, None]
    order, signs = alignment.convention(group, np.eye(k))
    return Hierarchy(
        g * keys,
        group[:, order] * signs,
        found.uniquenesses,
        R * np.outer(keys, keys),
        keys,
        heywood,
        found.loadings,
        T,
        second,
        order,
        signs,
    )


def hierarchies(stack: FloatArray, like: Hierarchy, spec: rotation.Spec, lower_bound: float) -> Hierarchies:
    """Factor each of a stack of correlation matrices (s x p x p) into the minimum that `like` is in.

    Extraction starts from the uniquenesses of `like`, rotation from its T once the unrotated loadings are turned to
    its own, the second-order factor from its loadings: one start, and factors that need no matching afterwards.
    """
    k = like.group.shape[1]
    A, psi = _extract(stack, like.A.shape[1], like.psi, lower_bound)
    U, _, V = np.linalg.svd(A.transpose(0, 2, 1) @ like.A)
    L, T = rotate_stack(A @ (U @ V), like.T, spec)
    if spec.method == "bifactor" and k > 1:
        g, group = L[:, :, 0], L[:, :, 1:]
    else:
        second = _second_orders(T.transpose(0, 2, 1) @ T, like.second, lower_bound)
        g = (L @ second[:, :, None])[:, :, 0]
        group = L * np.sqrt(np.maximum(1 - second**2, 0))[:, None, :]
    g, group = g * like.keys, group[:, :, like.order] * like.keys[:, None] * like.signs
    # The general factor's sign is arbitrary: that of the original is kept.
    g = g * np.where(g @ like.g < 0, -1.0, 1.0)[:, None]
    return Hierarchies(g, group, psi)


def _schmid_leiman(L: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    return L @ second, L * np.sqrt(np.maximum(1 - second**2, 0))


def _second_order(phi: FloatArray, lower_bound: float) -> tuple[FloatArray, bool]:
    k = len(phi)
    if k < 3:
        return _two(phi[None])[0] if k == 2 else np.ones(1), False
    higher = extraction.extract(phi, 1, "minres", lower_bound=lower_bound)
    return _bounded(higher.loadings[:, 0], lower_bound), bool(higher.heywood.any())


def _second_orders(phi: FloatArray, start: FloatArray, lower_bound: float) -> FloatArray:
    """Loadings (s x k) of the factors on one second-order factor, signed as `start`."""
    k = phi.shape[1]
    if k < 3:
        return _two(phi) if k == 2 else np.ones((len(phi), 1))
    loadings, _ = _extract(phi, 1, np.clip(1 - start**2, lower_bound, 1.0), lower_bound)
    second = _bounded(loadings[:, :, 0], lower_bound)
    return second * np.where(second @ start < 0, -1.0, 1.0)[:, None]


def _two(phi: FloatArray) -> FloatArray:
    # One correlation does not identify two loadings: they are taken as equal in size.
    r = phi[:, 0, 1]
    return np.sqrt(np.abs(r))[:, None] * np.stack([np.ones_like(r), np.where(r >= 0, 1.0, -1.0)], axis=1)


def _bounded(second: FloatArray, lower_bound: float) -> FloatArray:
    # At the bound a minres loading may exceed 1; a factor cannot share more than all of its variance.
    most = np.sqrt(1 - lower_bound)
    return np.clip(second, -most, most)


def _extract(stack: FloatArray, k: int, start: FloatArray, lower_bound: float) -> tuple[FloatArray, FloatArray]:
    L, psi, done = extract_stack(stack, k, "minres", start, lower_bound=lower_bound, tolerance=TOLERANCE)
    for b in np.flatnonzero(~done):
        found = extraction.extract(stack[b], k, "minres", lower_bound=lower_bound, tolerance=TOLERANCE, start=start)
        L[b], psi[b] = found.loadings, found.uniquenesses
    return L, psi
