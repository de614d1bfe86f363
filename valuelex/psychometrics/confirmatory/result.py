"""`CFAResult`: a confirmatory model with its estimates, and everything one asks of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.confirmatory import modification
from valuelex.psychometrics.confirmatory.estimate import Likelihood
from valuelex.psychometrics.confirmatory.inference import Test
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares
from valuelex.psychometrics.confirmatory.structure import Matrices
from valuelex.psychometrics.confirmatory.syntax import Model, Statement, write
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimation:
    """What further analyses need: the fit function, theta (q) with its covariance, the tests, tr(B A^-1)."""

    objective: Likelihood | WeightedLeastSquares
    theta: FloatArray
    covariance: FloatArray
    test: Test
    null: Test
    trace: float
    decrement: float
    iterations: int


@dataclass(frozen=True, eq=False)
class CFAResult(Result):
    """A fitted confirmatory factor model.

    Attributes
    ----------
    estimates : DataFrame
        One row per parameter and group: lhs, op, rhs, group, label, est, se, z, pvalue, ci_low, ci_high, std (the
        completely standardised value). Fixed parameters have se 0.
    standardized : DataFrame
        lhs, op, rhs, group, std, se, z, pvalue, ci_low, ci_high of the completely standardised solution.
    fit : dict
        See `measures.fit_measures`; `convention` says which formulas.
    loadings : DataFrame, p x m
        Standardised loadings (total effects where factors measure factors are not included). Several groups: rows have
        the levels group and variable, so that ``loadings.loc[group]`` is one group's.
    phi : DataFrame, m x m
        Factor correlations, by group likewise.
    residuals : DataFrame, p x p
        Observed minus implied correlations, by group likewise.
    heywood : tuple of str
        Parameters outside their range: negative variances, factor correlations beyond 1.
    converged : bool
        The estimation reached its tolerance.
    settings : dict
        Every setting that can move a number.
    """

    estimates: pd.DataFrame
    standardized: pd.DataFrame
    fit: dict[str, Any]
    loadings: pd.DataFrame
    phi: pd.DataFrame
    residuals: pd.DataFrame
    heywood: tuple[str, ...]
    converged: bool
    settings: dict[str, Any]
    model: Model = field(repr=False)
    groups: tuple[str, ...] = field(repr=False)
    estimation: Estimation = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The estimates."""
        return self.estimates.copy()

    def fit_table(self) -> pd.DataFrame:
        """Fit measures as one column of numbers."""
        values: dict[str, float] = {}
        for key, value in self.fit.items():
            if isinstance(value, tuple):
                values |= {f"{key}_low": value[0], f"{key}_high": value[1]}
            elif not isinstance(value, str):
                values[key] = float(value)
        return pd.DataFrame({"value": values})

    def modification_indices(self, smallest: float = 0.0) -> pd.DataFrame:
        """Score tests of what is fixed or left out: lhs, op, rhs, group, mi, epc, pvalue; `mi` at least `smallest`."""
        e = self.estimation
        found = modification.modification_indices(e.objective, e.theta, self.groups)
        return found[found["mi"] >= smallest]

    def equality_tests(self) -> pd.DataFrame:
        """Score tests of what groups share: lhs, op, rhs, group, mi, epc, pvalue, largest first."""
        e = self.estimation
        return modification.equality_tests(e.objective, e.theta, self.groups)

    def to_lavaan(self, values: str = "none") -> str:
        """The model as lavaan syntax, complete (nothing left to defaults).

        Parameters
        ----------
        values : {"none", "start", "fixed"}
            "none" leaves free parameters without values, "start" gives the estimates as starting values, "fixed" fixes
            all parameters to their estimates.
        """
        checks.choice(values, ("none", "start", "fixed"), "values")
        table = self.estimation.objective.structure.table
        est = self.estimates["est"].to_numpy()
        rows: dict[tuple[str, str, str], list[int]] = {}
        for k, p in enumerate(table):
            if not p.derived:
                rows.setdefault((p.lhs, p.op, p.rhs), []).append(k)
        statements = []
        for (lhs, op, rhs), places in rows.items():
            fixed = tuple(
                None if table[k].free and values != "fixed" else float(est[k] if table[k].free else table[k].value)
                for k in places
            )
            labels = tuple(table[k].label.replace(".p", "p").rstrip(".") if table[k].free else "" for k in places)
            one = Statement(lhs, op, rhs, _short(fixed))
            if values != "fixed" and any(labels):
                one = replace(one, label=labels)  # one per group: lavaan warns of a single label for several
            if values == "start" and None in fixed:
                one = replace(one, start=_short(tuple(float(est[k]) for k in places)))
            statements.append(one)
        return write(Model(tuple(statements)))

    def implied(self, group: str | None = None) -> pd.DataFrame:
        """Implied covariances (correlations of ordered items' underlying variables), p x p, of a group."""
        structure = self.estimation.objective.structure
        found = structure.matrices(self.estimation.theta)[self._position(group)]
        return pd.DataFrame(found.sigma, index=structure.observed, columns=structure.observed)

    def _position(self, group: str | None) -> int:
        if group is None and len(self.groups) == 1:
            return 0
        if group not in self.groups:
            raise SettingError(f"group={group!r} is not a group.", f"Use one of: {', '.join(self.groups)}.")
        return self.groups.index(str(group))

    def _headline(self) -> str:
        f = self.fit
        return (
            f"CFA: {len(self.model.factors)} factor(s), {self.settings['estimator']}, n = {f['n_obs']}"
            f"{f' in {len(self.groups)} groups' if len(self.groups) > 1 else ''}; chi2({f['df']}) = "
            f"{f.get('chisq_scaled', f['chisq']):.2f}, CFI = {f.get('cfi_scaled', f['cfi']):.3f}, "
            f"RMSEA = {f.get('rmsea_scaled', f['rmsea']):.3f}, SRMR = {f['srmr']:.3f}"
            f"{' (scaled)' if 'chisq_scaled' in f else ''}"
        )

    def summary(self) -> str:
        """Headline, estimates, factor correlations, warnings and settings as text, rounded for reading only."""
        parts: list[str | pd.DataFrame] = [self._headline(), self.estimates, "Factor correlations", self.phi]
        if self.heywood:
            parts.append(f"Outside their range: {', '.join(self.heywood)}")
        if not self.converged:
            parts.append("Not converged")
        parts.append(f"Settings: {self._note()}")
        return "\n\n".join(
            part.to_string(float_format=lambda value: f"{value:.3f}") if isinstance(part, pd.DataFrame) else part
            for part in parts
        )


def _short(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """One value in the place of equal ones: lavaan reads it as one for all groups."""
    return values[:1] if len(set(values)) == 1 else values


def improper(
    groups: list[Matrices], observed: list[str], factors: list[str], labels: tuple[str, ...]
) -> tuple[str, ...]:
    """Names of negative variances, and of factors whose covariances no variables can have."""
    found = []
    for group, label in zip(groups, labels, strict=True):
        of = f" ({label})" if len(labels) > 1 else ""
        found += [f"{n} ~~ {n}{of}" for n, v in zip(observed, np.diag(group.Theta), strict=True) if v < 0]
        found += [f"{n} ~~ {n}{of}" for n, v in zip(factors, np.diag(group.Psi), strict=True) if v < 0]
        phi = group.phi
        if (np.diag(phi) > 0).all():
            sd = np.sqrt(np.diag(phi))
            R = np.abs(phi / np.outer(sd, sd))
            i, j = np.tril_indices(len(factors), -1)
            found += [f"{factors[b]} ~~ {factors[a]}{of}" for a, b in zip(i, j, strict=True) if R[a, b] > 1]
            if len(factors) > 1 and (R[i, j] <= 1).all() and np.linalg.eigvalsh(phi)[0] < -1e-10:
                found.append(f"factor covariances{of}")
    return tuple(found)
