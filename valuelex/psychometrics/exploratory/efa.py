"""Exploratory factor analysis: the labelled front over extraction, rotation, fit, scores and resampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks, extraction
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.exploratory import fit
from valuelex.psychometrics.exploratory import scores as scoring
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotation
from valuelex.psychometrics.screening import adequacy

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult

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
    minima : DataFrame
        Distinct local minima of the rotation: value, count, share, hyperplane.
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
    minima: pd.DataFrame
    heywood: tuple[str, ...]
    converged: bool
    convergence: dict[str, Any]
    settings: dict[str, Any]
    correlations: pd.DataFrame = field(repr=False)
    rotation_matrix: FloatArray = field(repr=False)
    spec: rotation.Spec = field(repr=False)
    source: checks.Input = field(repr=False)

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
        method : {"regression", "bartlett", "tenberge"}
            Thurstone; Bartlett (unbiased); ten Berge (keeps the factor correlations).

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
        """Score weights (p x k) for standardized variables; methods as in `scores`."""
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
        """
        from valuelex.psychometrics.exploratory.bootstrap import bootstrap

        return bootstrap(self, n, seed, clusters=clusters, level=level)

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


def efa(
    data: object,
    n_factors: int,
    method: str = "minres",
    *,
    rotation: str = "oblimin",
    correlation: str = "pearson",
    n_obs: int | None = None,
    missing: str = "listwise",
    n_starts: int = rotation.DEFAULT_STARTS,
    normalize: bool | str | None = None,
    gamma: float = 0.0,
    epsilon: float = 0.01,
    power: float = 4.0,
    lower_bound: float = 0.005,
    tolerance: float = 1e-9,
    max_iter: int = 5000,
    seed: int | None = None,
) -> EFAResult:
    """Exploratory factor analysis.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data (NaN is missing), or a p x p correlation matrix with n_obs.
    n_factors : int
        k, at least 1; see `retain`.
    method : {"minres", "ml", "paf", "pca"}
        Extraction: minimum residuals (unweighted least squares), maximum likelihood, iterated principal axis, or
        principal components.
    rotation : {"oblimin", "quartimin", "geomin", "promax", "varimax", "quartimax", "none"}
        See `rotate`, also for n_starts, normalize, gamma, epsilon, power.
    correlation : {"pearson", "spearman"}
        Correlations of raw data.
    n_obs : int, optional
        Number of cases behind a correlation matrix; leave out for raw data.
    missing : {"listwise", "pairwise"}
        See `correlate`; with pairwise, n_obs is the smallest number of cases that a pair shares.
    lower_bound : float
        Smallest uniqueness, 0-1: .005 as psych, .0001 for a tighter bound. Hitting it is a Heywood case, named in
        `heywood`; the bound then changes the answer.
    tolerance, max_iter : float, int
        Of the extraction: largest projected gradient, or change of a communality (paf).
    seed : int, optional
        Of the random rotation starts; stored.

    Returns
    -------
    EFAResult

    Raises
    ------
    DataError
        Data that cannot be factored (constant columns, not a correlation matrix, "ml" with a singular matrix).
    SettingError
        Unknown option, or too many factors for the number of variables.

    Warns
    -----
    PsychometricsWarning
        No more cases than variables, indefinite matrix, Heywood case, no convergence, or pairwise deletion.
    """
    checks.choice(method, extraction.METHODS, "method")
    spec = _rotation_spec(rotation, n_starts, normalize, gamma, epsilon, power)
    lower_bound = checks.number(lower_bound, "lower_bound", low=0, high=1)
    tolerance = checks.number(tolerance, "tolerance", low=0, high=1)
    max_iter = checks.integer(max_iter, "max_iter", low=1)
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    k = checks.n_factors(n_factors, len(ready.names), method)
    seed = checks.resolve_seed(seed)
    _worth_factoring(ready, method)
    found = extraction.extract(ready.R, k, method, lower_bound=lower_bound, tolerance=tolerance, max_iter=max_iter)
    settings = {
        **ready.settings,
        "n_factors": k,
        "method": method,
        **spec.settings(),
        "lower_bound": lower_bound,
        "tolerance": tolerance,
        "max_iter": max_iter,
        "seed": seed,
    }
    result = _assemble(ready, found, spec, settings, np.random.default_rng(seed))
    if result.heywood:
        checks.warn(
            f"Heywood case: the uniqueness of {', '.join(result.heywood)} ended at the lower bound {lower_bound}. "
            "Try fewer factors or drop the variable."
        )
    if not result.converged:
        checks.warn("The solution did not converge; see .convergence, and raise max_iter or n_starts.")
    return result


def _rotation_spec(
    method: str, n_starts: int, normalize: bool | str | None, gamma: float, epsilon: float, power: float
) -> rotation.Spec:
    # efa's own argument is called rotation and hides the module there.
    return rotation.make_spec(method, n_starts=n_starts, normalize=normalize, gamma=gamma, epsilon=epsilon, power=power)


def _worth_factoring(ready: checks.Input, method: str) -> None:
    n, p = ready.n_obs, len(ready.names)
    singular = adequacy.is_singular(ready.R)
    if singular and method == "ml":
        raise DataError(
            f"Maximum likelihood needs a positive definite correlation matrix; this one ({p} variables, {n} cases) "
            "is not.",
            "Use method='minres', drop duplicate columns (screen() lists them), or gather more cases than variables.",
        )
    if n <= p:
        checks.warn(f"There are no more cases ({n}) than variables ({p}): loadings are unstable and fit is undefined.")
    elif singular:
        checks.warn("The correlation matrix is singular or indefinite: fit is undefined. screen() says why.")


def _assemble(
    ready: checks.Input,
    found: extraction.Extraction,
    spec: rotation.Spec,
    settings: dict[str, Any],
    rng: np.random.Generator,
) -> EFAResult:
    A, p = found.loadings, len(ready.names)
    k = A.shape[1]
    order, signs = alignment.convention(A, np.eye(k))
    A = A[:, order] * signs
    turned = rotation.ordered(rotation.rotate_core(A, spec, rng), spec)
    L, phi = turned.loadings, turned.phi
    factors = pd.Index([f"F{j + 1}" for j in range(k)])
    names = pd.Index(ready.names)
    h2 = np.einsum("ij,jl,il->i", L, phi, L)
    implied = A @ A.T + np.diag(found.uniquenesses)
    squares = L**2
    total, fourth = squares.sum(axis=1), (squares**2).sum(axis=1)
    explained = alignment.explained(L, phi)
    variance = pd.DataFrame(
        {"ss_loadings": explained, "proportion": explained / p, "cumulative": np.cumsum(explained) / p}, index=factors
    )
    converged = found.converged and turned.converged
    return EFAResult(
        loadings=pd.DataFrame(L, index=names, columns=factors),
        structure=pd.DataFrame(L @ phi, index=names, columns=factors),
        phi=pd.DataFrame(phi, index=factors, columns=factors),
        communalities=pd.Series(h2, index=names, name="h2"),
        uniquenesses=pd.Series(found.uniquenesses, index=names, name="u2"),
        complexity=pd.Series(
            np.divide(total**2, fourth, out=np.full(p, np.nan), where=fourth > 0), index=names, name="complexity"
        ),
        variance=variance,
        fit=fit.fit_indices(ready.R, implied, k, ready.n_obs, components=settings["method"] == "pca"),
        residuals=pd.DataFrame(ready.R - implied, index=names, columns=names),
        unrotated=pd.DataFrame(A, index=names, columns=factors),
        minima=turned.minima.frame,
        heywood=tuple(name for name, hit in zip(ready.names, found.heywood, strict=True) if hit),
        converged=converged,
        convergence={
            "iterations": found.iterations,
            "gradient": found.gradient,
            "extraction": found.converged,
            "rotation": turned.converged,
            "rotation_gradient": turned.gradient,
            "objective": found.objective,
        },
        settings=settings,
        correlations=pd.DataFrame(ready.R, index=names, columns=names),
        rotation_matrix=turned.T,
        spec=spec,
        source=ready,
    )
