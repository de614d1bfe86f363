"""`screen`: can these data be factored at all? A screening that never crashes and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.correlation.contingency import categorise, indicators, pair_groups, pair_tables
from valuelex.psychometrics.correlation.ordinal_input import MISSING, MOST_CATEGORIES
from valuelex.psychometrics.correlation.polyserial import mixed_core, ordinal_columns
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.screening.adequacy import BartlettResult, bartlett_core, is_singular, kmo_core
from valuelex.psychometrics.screening.findings import CHECKS, Facts, Finding, listed
from valuelex.psychometrics.screening.normality import mardia_core, mardia_work

FloatArray = NDArray[np.float64]

# About half a second: 7,000 cases of 200 columns, 10,000 of 100, 700,000 of 30.
MARDIA_MOST = 1e10
# Categories of all ratings together; their cross-product takes the square of this in memory (36 MB).
TABLES_MOST = 3000


@dataclass(frozen=True, eq=False)
class AdequacyResult(Result):
    """Screening before factoring; quantities that cannot be computed are NaN, and `reasons` says why.

    `verdicts` holds one `Finding` per check, `findings` the same as a frame; `factorable` is False when any of them is
    "stop".
    """

    kmo: float
    msa: pd.Series[float]
    bartlett: BartlettResult | None
    determinant: float
    constant: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]
    n: int
    p: int
    n_at_most_p: bool
    factorable: bool
    reasons: tuple[str, ...]
    verdicts: tuple[Finding, ...]
    settings: dict[str, Any]

    @property
    def findings(self) -> pd.DataFrame:
        """One row per check: verdict, value, detail, remedy."""
        return pd.DataFrame([vars(finding) for finding in self.verdicts]).set_index("name")

    def to_frame(self) -> pd.DataFrame:
        """One row per quantity."""
        chi2, df, p = (self.bartlett.chi2, self.bartlett.df, self.bartlett.p) if self.bartlett else (np.nan,) * 3
        rows = {
            "kmo": self.kmo,
            "bartlett_chi2": chi2,
            "bartlett_df": df,
            "bartlett_p": p,
            "determinant": self.determinant,
            "n": self.n,
            "p": self.p,
            "n_constant": len(self.constant),
            "n_duplicate_pairs": len(self.duplicates),
        }
        return pd.DataFrame({"quantity": list(rows), "value": [float(value) for value in rows.values()]})

    def summary(self) -> str:
        """Return the verdicts above the quantities and settings, as text."""
        lines = [f"{f.verdict:8}{f.name}: {f.detail} {f.remedy}".rstrip() for f in self.verdicts]
        return "\n".join(lines) + "\n\n" + super().summary()

    def _repr_html_(self) -> str:
        return self.findings.to_html(border=0) + super()._repr_html_()

    def _headline(self) -> str:
        verdict = "Factorable." if self.factorable else "Not factorable."
        return " ".join([verdict, *self.reasons])


def screen(
    data: object,
    n_obs: int | None = None,
    *,
    correlation: str = "pearson",
    missing: str = "listwise",
    alpha: float = 0.05,
) -> AdequacyResult:
    """Say whether `data` can be factored, and if not, why. Degenerate data give reasons, never a crash.

    `factorable` is False when a column is constant, columns are perfectly correlated, n <= p, the matrix is singular or
    indefinite, KMO < .5 (Kaiser, 1974: "unacceptable"), or Bartlett's test has p >= `alpha`. `verdicts` tells these and
    what only calls for caution: few cases, missing cells, overlapping columns, low MSA, non-normality, empty table
    cells, sparse categories, coarse ratings. Mardia's moments are skipped, with a note, where they would take longer
    than about half a second (7,000 cases of 200 columns).

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    n_obs : int, optional
        Number of cases behind a correlation matrix.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric", "mixed"}
        As in `correlate`; not smoothed, so that an indefinite matrix shows.
    missing : {"listwise", "pairwise"}
        As in `correlate`.
    alpha : float
        Level of Bartlett's and Mardia's tests, 0-1.

    Raises
    ------
    DataError
        Only if the input is not a numeric table, not a correlation matrix although n_obs is given, or has too many
        categories for the correlation asked for.
    """
    checks.choice(correlation, ("pearson", "spearman", "polychoric", "tetrachoric", "mixed"), "correlation")
    checks.choice(missing, MISSING, "missing")
    alpha = checks.number(alpha, "alpha", low=0, high=1)
    reasons: list[str] = []
    constant: list[str] = []
    frame = checks.as_frame(data)
    raw = n_obs is None and not intake.looks_like_correlations(frame.to_numpy())
    more: dict[str, Any] = {}
    if raw:
        X, kept, n, constant = _usable(frame, missing, reasons)
        R = np.full((len(kept), len(kept)), np.nan) if X is None else _correlations(X, kept, correlation)
        names = [str(name) for name in frame.columns]
        more = _about_cells(frame.to_numpy()) | ({} if X is None else _about_raw(X, kept))
    else:
        ready = intake.prepare(data, n_obs=n_obs)
        R, names, n = ready.R, ready.names, ready.n_obs
        kept = names
        more = {"mardia_note": "Not known from a correlation matrix."}
    duplicates = _duplicates(R, kept)
    if duplicates:
        reasons.append(f"Columns are perfectly correlated: {_pairs(duplicates)}.")
    p = len(kept)
    if n <= p:
        reasons.append(f"There are no more cases ({n}) than variables ({p}).")
    if p < 3:
        reasons.append(f"Only {p} usable variable(s); a common factor needs at least 3.")
    overall, msa, test = np.nan, np.full(p, np.nan), None
    determinant, trouble = _determinant(R)
    if trouble:
        reasons.append(trouble)
    elif p >= 2:
        overall, msa = kmo_core(R)
        more["smc"] = dict(zip(kept, map(float, corr.smc(R)), strict=True))
        if overall < 0.5:
            reasons.append(f"KMO is {overall:.3f}, below .5: the variables share too little.")
        if n > p:
            test = bartlett_core(R, n, {"n_obs": n})
            if not test.p < alpha:
                reasons.append(
                    f"Bartlett's test is not significant (p = {test.p:.3f}): the correlations may all be zero."
                )
    facts = Facts(
        names=names,
        n=n,
        n_usable=p,
        correlation=correlation,
        missing=missing,
        alpha=alpha,
        raw=raw,
        constant=constant,
        duplicates=duplicates,
        trouble=trouble,
        determinant=determinant,
        kmo=float(overall),
        msa=dict(zip(kept, map(float, msa), strict=True)),
        bartlett_p=np.nan if test is None else test.p,
        **more,
    )
    return AdequacyResult(
        kmo=float(overall),
        msa=pd.Series(msa, index=kept, name="msa", dtype=float).reindex(names),
        bartlett=test,
        determinant=determinant,
        constant=tuple(constant),
        duplicates=tuple(duplicates),
        n=n,
        p=len(names),
        n_at_most_p=n <= len(names),
        factorable=not reasons,
        reasons=tuple(reasons),
        verdicts=tuple(check(facts) for check in CHECKS),
        settings={"correlation": correlation, "missing": missing, "alpha": alpha, "n_obs": n},
    )


def _usable(
    frame: pd.DataFrame, missing: str, reasons: list[str]
) -> tuple[FloatArray | None, list[str], int, list[str]]:
    """Rows and columns that correlations can rest on (None if too few rows), their names, n, and constant columns."""
    X = frame.to_numpy()
    names = [str(name) for name in frame.columns]
    if missing == "listwise":
        X = X[~np.isnan(X).any(axis=1)]
    n = int(X.shape[0])
    if n < 3:
        reasons.append(f"Only {n} complete rows of {frame.shape[0]}.")
        return None, names, n, []
    filled = ~np.isnan(X).all(axis=0)
    varies = filled.copy()
    varies[filled] = ~corr.constant_columns(X[:, filled])
    constant = [name for name, ok in zip(names, varies, strict=True) if not ok]
    if constant:
        reasons.append(f"Columns do not vary: {listed(constant)}.")
    kept = [name for name, ok in zip(names, varies, strict=True) if ok]
    X = X[:, varies]
    if np.isnan(X).any() and len(kept) > 1:
        n = int(corr.pairwise_counts(X).min())
    return X, kept, n, constant


def _correlations(X: FloatArray, names: list[str], method: str) -> FloatArray:
    if X.shape[1] < 2:
        return np.eye(X.shape[1])
    if method in ("pearson", "spearman"):
        return corr.matrix(X, method)
    ordinal = ordinal_columns(X) if method == "mixed" else np.ones(X.shape[1], dtype=bool)
    most = 2 if method == "tetrachoric" else MOST_CATEGORIES
    sizes = [len(np.unique(column[~np.isnan(column)])) for column in X.T]
    many = [name for name, size, rated in zip(names, sizes, ordinal, strict=True) if rated and size > most]
    if many:
        raise DataError(
            f"Columns have more than {most} categories: {listed(many)}.",
            "Use correlation='mixed' or 'pearson'." if most > 2 else "Use correlation='polychoric'.",
        )
    return mixed_core(X, ordinal).R


def _determinant(R: FloatArray) -> tuple[float, str]:
    """Determinant of R (NaN if unknown), and what keeps R from being inverted."""
    if len(R) < 2:
        return np.nan, ""
    if not np.isfinite(R).all():
        return np.nan, "Some correlations cannot be computed: pairs of columns share too few cases or do not vary."
    smallest = float(np.linalg.eigvalsh(R)[0])
    if smallest < -checks.SYMMETRY_TOLERANCE:
        trouble = f"The correlation matrix is not positive definite (smallest eigenvalue {smallest:.4f})."
        return float(np.linalg.det(R)), trouble
    if is_singular(R):
        return 0.0, "The correlation matrix is singular: some columns are exact combinations of others."
    return float(np.linalg.det(R)), ""


def _about_cells(X: FloatArray) -> dict[str, Any]:
    gaps = np.isnan(X)
    return {"missing_cells": float(gaps.mean()), "lost": float(gaps.any(axis=1).mean())}


def _about_raw(X: FloatArray, names: list[str]) -> dict[str, Any]:
    """Normality and categories of usable X (n x p)."""
    facts: dict[str, Any] = {}
    complete = X[~np.isnan(X).any(axis=1)]
    n, p = complete.shape
    if n <= p or n < 4 or p < 1 or corr.constant_columns(complete).any():
        facts["mardia_note"] = "Not computed: too few complete rows."
    elif mardia_work(n, p) > MARDIA_MOST:
        facts["mardia_note"] = f"Skipped: {n} cases of {p} columns would take long; call mardia()."
    else:
        moments = mardia_core(complete)
        if moments is None:
            facts["mardia_note"] = "Not computed: the covariance matrix is singular."
        else:
            # Either test rejects; the smaller p doubled keeps the level (Bonferroni).
            facts["mardia_p"] = min(1.0, 2 * min(moments.p_small, moments.p_kurtosis))
    ratings = np.flatnonzero(ordinal_columns(X))
    data = categorise(X[:, ratings])
    facts["categories"] = {names[c]: len(count) for c, count in zip(ratings, data.counts, strict=True)}
    facts["smallest_category"] = {names[c]: int(count.min()) for c, count in zip(ratings, data.counts, strict=True)}
    if len(ratings) > 1 and data.sizes.sum() <= TABLES_MOST:
        one_hot = indicators(data.codes, data.sizes)
        joint = one_hot.T @ one_hot
        empty = [(pair_tables(joint, data.sizes, i, j) == 0).any(axis=(0, 1)).sum() for i, j in pair_groups(data.sizes)]
        facts["empty_pairs"] = int(sum(empty))
    return facts


def _duplicates(R: FloatArray, names: list[str]) -> list[tuple[str, str]]:
    rows, columns = np.nonzero(np.triu(np.abs(R) > 1 - checks.DUPLICATE_TOLERANCE, 1))
    return [(names[i], names[j]) for i, j in zip(rows, columns, strict=True)]


def _pairs(duplicates: list[tuple[str, str]]) -> str:
    more = f" and {len(duplicates) - 5} more pairs" if len(duplicates) > 5 else ""
    return "; ".join(f"{a} = {b}" for a, b in duplicates[:5]) + more
