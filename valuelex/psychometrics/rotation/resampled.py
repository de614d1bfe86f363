"""Rotating many resampled solutions at once, each from the rotation of the original: they stay in its minimum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.rotation.projection import gradient_projection, turn
from valuelex.psychometrics.rotation.rotate import promax_step
from valuelex.psychometrics.rotation.spec import Spec
from valuelex.psychometrics.rotation.weighting import row_weights

FloatArray = NDArray[np.float64]

STEPS = 500
TOLERANCE = 1e-6  # far below sampling error


def rotate_stack(stack: FloatArray, T0: FloatArray, spec: Spec) -> tuple[FloatArray, FloatArray]:
    """Rotate unrotated loadings (s x p x k), each from T0 (k x k); loadings and T (s x k x k).

    The stack has to stand in the position of the original's unrotated loadings (Procrustes).
    """
    s, p, k = stack.shape
    starts = np.repeat(T0[None], s, axis=0)
    if k == 1 or spec.method == "none":
        return stack.copy(), starts
    rule = "kaiser" if spec.normalize == "varimax" else spec.normalize
    normal = stack / np.array([row_weights(A, rule) for A in stack])[:, :, None] if rule else stack
    promax = spec.method == "promax"
    if promax:
        # T0 is oblique here; the nearest orthogonal matrix starts the varimax step.
        U, _, V = np.linalg.svd(starts)
        starts = U @ V
    oblique = spec.oblique and not promax
    tolerance = max(spec.tolerance, TOLERANCE)
    T, _, _ = gradient_projection(normal, starts, spec.criterion(p, k), oblique, tolerance, STEPS)
    if promax:
        base = stack if spec.normalize == "varimax" else normal
        T = np.array([promax_step(V, t, spec.power, spec.promax_target) for V, t in zip(base, T, strict=True)])
    return turn(stack, T, spec.oblique), T
