"""`EFAResult`: a factor solution and everything one asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.exploratory import fit as fitting
from valuelex.psychometrics.exploratory import scores as scoring
from valuelex.psychometrics.exploratory.flags import item_flags
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotation

if TYPE_CHECKING:
    from pathlib import Path

    from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
    from valuelex.psychometrics.exploratory.standard_errors import StandardErrorResult

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EFAResult(Result):
    """A factor solution: p variables, k factors named F1..Fk in order of variance explained.

    Attributes
    ----------
    loadings : DataFrame, p x k
        Pattern; each column sums to a positive number.
    structure : DataFrame, p x k
        Correlations of variables with factors, L Phi.
    phi : DataFrame, k x k
        Factor correlations (identity for orthogonal rotations).
    communalities, uniquenesses, complexity : Series, p
        diag(L Phi L'); Psi; Hofmann's (1978) index (sum a^2)^2 / sum a^4.
    variance : DataFrame, k x 3
        ss_loadings diag(Phi L'L), proportion (of p), cumulative.
    fit : dict
        See `fit.fit_indices`; `convention` says which formulas.
    residuals : DataFrame, p x p
        Observed minus implied correlations.
    unrotated : DataFrame, p x k
        Loadings before rotation.
    heywood : tuple of str
        Variables whose uniqueness ended at the lower bound.
    converged : bool
        Extraction and rotation both reached their tolerance.
    convergence : dict
        iterations, gradient, extraction, rotation, rotation_gradient.
    settings : dict
        Every setting that can move a number.
    """

    loadings: pd.DataFrame
    structure: pd.DataFrame
    phi: pd.DataFrame
    communalities: pd.Series[float]
    uniquenesses: pd.Series[float]
    complexity: pd.Series[float]
    variance: pd.DataFrame
    fit: dict[str, Any]
    residuals: pd.DataFrame
    unrotated: pd.DataFrame
    heywood: tuple[str, ...]
    converged: bool
    convergence: dict[str, Any]
    settings: dict[str, Any]
    correlations: pd.DataFrame = field(repr=False)
    rotation_matrix: FloatArray = field(repr=False)
    spec: rotation.Spec = field(repr=False)
    source: intake.Input = field(repr=False)
    rotated: rotation.Rotated = field(repr=False)

    @property
    def minima(self) -> pd.DataFrame:
        """Distinct local minima of the rotation, best first: value, count, share, hyperplane, converged; see `minimum`."""
        return self.rotated.minima.frame

    @property
    def flags(self) -> pd.DataFrame:
        """Items to look at: variable, flag, value, detail; see `flags.item_flags`."""
        return item_flags(self.loadings, self.communalities, self.complexity, self.heywood)

    def minimum(self, i: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Pattern (p x k) and Phi (k x k) of the local minimum in row i of `minima`."""
        return rotation.labelled(rotation.minimum(self.unrotated.to_numpy(), self.rotated, self.spec, i), self.loadings)

    def fit_table(self) -> pd.DataFrame:
        """Fit indices (rows) in the conventions of psych, lavaan and EFAtools (columns)."""
        from valuelex.psychometrics.exploratory.efa import data_spread

        implied = self.correlations.to_numpy() - self.residuals.to_numpy()
        R = self.correlations.to_numpy()
        return fitting.fit_table(R, implied, self.n_factors, self.source.n_obs, data_spread(self.source))

    def determinacy(self, method: str = "regression") -> pd.DataFrame:
        """How well scores stand for their factors: r2, determinacy, minimum_correlation, validity (rows are factors).

        `r2` is the best any linear score can do (Grice, 2001); `validity` the correlation of this method's score with
        its factor.
        """
        return scoring.determinacy_table(self._determinacy(method), self.loadings.columns)

    def score_correlations(self, method: str = "regression") -> pd.DataFrame:
        """Correlations of the factor *scores* (k x k), which differ from `phi`, the correlations of the factors.

        Parameters
        ----------
        method : {"regression", "bartlett", "tenberge", "anderson"}
            As in `scores`.
        """
        found = self._determinacy(method)["scores"]
        return pd.DataFrame(found, index=self.loadings.columns, columns=self.loadings.columns)

    def _determinacy(self, method: str) -> dict[str, FloatArray]:
        W = self.weights(method).to_numpy()
        return scoring.determinacy(self.correlations.to_numpy(), self.loadings.to_numpy(), self.phi.to_numpy(), W)

    def standard_errors(self, kind: str = "information", *, level: float = 0.95) -> StandardErrorResult:
        """Standard errors of loadings and factor correlations without resampling.

        Parameters
        ----------
        kind : {"information", "sandwich"}
            Normal theory, from the fitted model; or robust to non-normality, from the data's fourth moments or the
            polychorics' own covariance (needs raw data).
        level : float
            Coverage of the intervals, 0-1.

        Raises
        ------
        SettingError
            Extraction or rotation for which the delta method does not hold (components, promax, simplimax).
        DataError
            A Heywood case, more than 60 variables, or "sandwich" without complete raw data.

        Notes
        -----
        Bordered Hessian of the constrained solution (Jennrich, 1974; Yuan, Marshall & Bentler, 2002). Of incomplete data
        under full information: the expected information of every missing-data pattern.
        """
        from valuelex.psychometrics.exploratory.standard_errors import standard_errors

        return standard_errors(self, kind, level=level)

    @property
    def n_factors(self) -> int:
        """Number of factors k."""
        return self.loadings.shape[1]

    def scores(self, data: object, method: str = "regression") -> pd.DataFrame:
        """Factor scores of the cases in `data`.

        Cases are standardized with the means and standard deviations of the data that were factored; if only a
        correlation matrix was, with those of `data`. A model of Spearman correlations scores average ranks, and then
        always against `data` itself. Rows with missing cells get missing scores.

        Parameters
        ----------
        data : DataFrame or array, n x p
            The same variables; a DataFrame is matched by name, extra columns are ignored.
        method : {"regression", "bartlett", "tenberge", "anderson"}
            Thurstone; Bartlett (unbiased); ten Berge (keeps the factor correlations); Anderson & Rubin (uncorrelated).

        Returns
        -------
        DataFrame, n x k

        Raises
        ------
        DataError
            Variables are missing, or do not vary.
        """
        checks.choice(method, scoring.METHODS, "method")
        frame = checks.as_frame(data)
        names = list(self.loadings.index)
        if isinstance(data, pd.DataFrame):
            absent = [name for name in names if name not in frame.columns]
            if absent:
                raise DataError(
                    f"data lacks the variables {', '.join(absent[:8])}.", "Give all variables that were factored."
                )
            frame = frame[names]
        elif frame.shape[1] != len(names):
            raise DataError(f"data has {frame.shape[1]} columns; {len(names)} were factored.", "Give the same columns.")
        X = frame.to_numpy()
        base = X if self.source.X is None else self.source.X
        if self.settings.get("correlation") == "spearman":
            X = base = frame.rank().to_numpy()
        complete = base[~np.isnan(base).any(axis=1)]
        if complete.shape[0] < 2 or corr.constant_columns(complete).any():
            raise DataError(
                "data has too few complete cases, or columns that do not vary, to be standardized.",
                "Score more cases at once, or fit the model on raw data.",
            )
        centre, spread = np.nanmean(base, axis=0), np.nanstd(base, axis=0, ddof=1)
        W = self.weights(method).to_numpy()
        return pd.DataFrame((X - centre) / spread @ W, index=frame.index, columns=self.loadings.columns)

    def weights(self, method: str = "regression") -> pd.DataFrame:
        """Score weights (p x k) for standardized variables.

        Parameters
        ----------
        method : {"regression", "bartlett", "tenberge", "anderson"}
            As in `scores`.
        """
        checks.choice(method, scoring.METHODS, "method")
        W = scoring.weights(
            self.correlations.to_numpy(),
            self.loadings.to_numpy(),
            self.phi.to_numpy(),
            np.asarray(self.uniquenesses, dtype=np.float64),
            method,
        )
        return pd.DataFrame(W, index=self.loadings.index, columns=self.loadings.columns)

    def bootstrap(
        self, n: int = 1000, seed: int | None = None, *, clusters: Sequence[Any] | None = None, level: float = 0.95
    ) -> BootstrapResult:
        """Standard errors and percentile intervals of loadings by resampling cases, or whole clusters of cases.

        Parameters
        ----------
        n : int
            Resamples.
        seed : int, optional
            Stored with the result; resample i has the i-th spawned stream.
        clusters : sequence, one label per row of the data, optional
            Resample clusters (e.g. all answers of one model) instead of cases.
        level : float
            Coverage, 0-1.

        Raises
        ------
        DataError
            The model was fitted to a correlation matrix, or `clusters` has another length than the data.

        Notes
        -----
        Every resampled solution is turned to the original, rotated from its rotation, and its factors are matched before
        percentiles are taken (Zhang, 2014; Ichikawa & Konishi, 1995).
        """
        from valuelex.psychometrics.exploratory.bootstrap import bootstrap

        return bootstrap(self, n, seed, clusters=clusters, level=level)

    def to_apa(
        self,
        kind: str = "html",
        path: str | Path | None = None,
        *,
        cutoff: float | None = None,
        sort: bool = False,
        decimals: int = 2,
        title: str | None = None,
        number: int = 1,
    ) -> str | Path:
        """Write pattern, communalities, variance and factor correlations as a table in APA style (7th edition).

        Parameters
        ----------
        kind : {"html", "latex", "docx", "text"}
            LaTeX needs the package booktabs; DOCX the extra `valuelex[docx]` and a path.
        path : path, optional
            Where to write; without it the table is returned as text.
        cutoff : float, optional
            Leave smaller loadings blank, 0-1. Without it all are shown, and those of .30 or more are bold.
        sort : bool
            Put each variable under the factor of its largest loading.
        decimals : int
            Digits of loadings, 1-6.
        title : str, optional
            Title of the table.
        number : int
            Number of the table.

        Returns
        -------
        str or Path
            The table, or the file written.

        Raises
        ------
        MissingExtra
            DOCX without python-docx.
        DataError
            The file cannot be written.
        """
        from valuelex.psychometrics.handover.apa import to_apa

        return to_apa(self, kind, path, cutoff=cutoff, sort=sort, decimals=decimals, title=title, number=number)

    def plot(self, kind: str = "loadings") -> Any:
        """Draw the solution as a plotly figure.

        Parameters
        ----------
        kind : {"loadings", "scree", "path"}
            Heat map with the numbers in it; eigenvalues of the correlation matrix; diagram of salient loadings and
            factor correlations.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        from valuelex.psychometrics.handover.pictures import draw_solution

        return draw_solution(self, kind)

    def to_frame(self) -> pd.DataFrame:
        """Variables x (F1..Fk, h2, u2, complexity)."""
        return self.loadings.assign(h2=self.communalities, u2=self.uniquenesses, complexity=self.complexity)

    def _headline(self) -> str:
        chi2 = f"chi2({self.fit['df']}) = {self.fit['chi2']:.2f}, p = {self.fit['p']:.3f}, " if self._has_fit() else ""
        rmsea = f"RMSEA = {self.fit['rmsea']:.3f}, " if self._has_fit() else ""
        return (
            f"EFA: {self.n_factors} factor(s), {self.settings['method']}, {self.settings['rotation']}, "
            f"n = {self.fit['n_obs']}; {chi2}{rmsea}SRMR = {self.fit['srmr']:.3f}"
        )

    def _has_fit(self) -> bool:
        return bool(np.isfinite(self.fit["p"]))

    def summary(self) -> str:
        """Headline, pattern with communalities, variance explained, factor correlations, settings, as text."""
        parts: list[str | pd.DataFrame] = [self._headline(), self.to_frame(), "Variance explained", self.variance.T]
        if self.spec.oblique and self.n_factors > 1:
            parts += ["Factor correlations", self.phi]
        if self.heywood:
            parts.append(f"Heywood: {', '.join(self.heywood)} at the lower bound {self.settings['lower_bound']}")
        if not self.converged:
            parts.append("Not converged: see .convergence")
        parts.append(f"Settings: {self._note()}")
        text = (
            part.to_string(float_format=lambda value: f"{value:.3f}") if isinstance(part, pd.DataFrame) else part
            for part in parts
        )
        return "\n\n".join(text)
