"""Many one-parameter likelihoods maximised at once in z = artanh(rho), by Newton's method inside a bracket."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# |rho| of data whose likelihood rises to the end (a 2 x 2 table with an empty cell, or a doubled item).
BOUND = 0.9999
# A Newton step of this size leaves an error of about its square.
TOLERANCE = 1e-6
MAX_ITERATIONS = 100


class Likelihood(Protocol):
    """q likelihoods of one correlation each."""

    @property
    def size(self) -> FloatArray:
        """Cases behind each likelihood (q)."""

    def derivatives(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivatives of the log likelihoods (q each) in z."""

    def take(self, keep: NDArray[np.bool_]) -> Likelihood:
        """Only the likelihoods of `keep`."""


def maximise(likelihood: Likelihood, z: FloatArray, tolerance: float = TOLERANCE) -> tuple[FloatArray, int, bool]:
    """Maximise from z (q); return the solutions, the most iterations any took, and whether all ended.

    The sign of the slope narrows the bracket; a step that leaves it, or that does not halve the last one, is replaced
    by a bisection.
    """
    found = z.copy()
    edge = float(np.arctanh(BOUND))
    active = np.arange(len(z))
    low, high = np.full(len(z), -edge), np.full(len(z), edge)
    last = np.full(len(z), 2 * edge)
    for iteration in range(1, MAX_ITERATIONS + 1):
        g, h = likelihood.derivatives(z)
        # Flat far out: nothing in the data holds rho below 1, and the derivatives only underflow.
        flat = (np.abs(z) > 1) & (np.abs(g) < 1e-10 * likelihood.size) & (np.abs(h) < 1e-8 * likelihood.size)
        g = np.where(flat, np.sign(z), g)
        low, high = np.where(g > 0, z, low), np.where(g < 0, z, high)
        trial = z - np.divide(g, h, out=np.full_like(z, np.inf), where=h < -1e-100)
        newton = ~flat & (np.abs(trial - z) < last / 2) & (trial >= low) & (trial <= high)
        moved = np.where(newton, trial, np.where(g == 0, z, (low + high) / 2))
        last, z = np.abs(moved - z), moved
        found[active] = z
        keep = last >= tolerance
        if not keep.any():
            return found, iteration, True
        if not keep.all():
            active, z, low, high, last = active[keep], z[keep], low[keep], high[keep], last[keep]
            likelihood = likelihood.take(keep)
    return found, MAX_ITERATIONS, False


def correlation_of(z: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return rho (q) of z, and which of them ran into the bound."""
    stuck = np.abs(z) >= np.arctanh(BOUND) - 1e-5
    return np.where(stuck, np.sign(z) * BOUND, np.tanh(z)), stuck
