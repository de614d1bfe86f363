"""`efa`: from data to a labelled factor solution. Checks, correlations, extraction, rotation, fit, in this order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import alignment, checks, extraction, intake
from valuelex.psychometrics.exploratory import fit, presets, robust
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.rotation import rotate as rotating
from valuelex.psychometrics.rotation.spec import fits, make_spec
from valuelex.psychometrics.screening import adequacy
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

UNSETTLED = 0.01  # a change of communalities that is no rounding: alpha factoring can alternate for ever


@one_thread
def efa(
    data: object,
    n_factors: int,
    method: str | None = None,
    *,
    rotation: str | None = None,
    correlation: str = "pearson",
    n_obs: int | None = None,
    missing: str | None = None,
    mimic: str | None = None,
    oblique: bool | None = None,
    n_starts: int | None = None,
    normalize: bool | str | None = None,
    gamma: float = 0.0,
    epsilon: float | None = None,
    power: float = 4.0,
    kappa: float = 0.0,
    n_zeros: int | None = None,
    target: object = None,
    target_weights: object = None,
    lower_bound: float | None = None,
    tolerance: float | None = None,
    max_iter: int | None = None,
    rotation_tolerance: float | None = None,
    smooth: str | None = None,
    seed: int | None = None,
) -> EFAResult:
    """Exploratory factor analysis.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data (NaN is missing), or a p x p correlation or covariance matrix with n_obs.
    n_factors : int
        k, at least 1; see `retain`.
    method : {"minres", "ml", "paf", "dwls", "alpha", "image", "pca"}
        Extraction; default minres (unweighted least squares). "dwls" weights each residual by the precision of its
        correlation and needs raw data; with polychorics it is WLSMV.
    rotation : str
        See `rotate` (default oblimin), also for oblique, n_starts (100), normalize, gamma, epsilon (.01), power, kappa,
        n_zeros, target, target_weights and rotation_tolerance (1e-6).
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric", "mixed"}
        Correlations of raw data; "mixed" decides pair by pair (see `mixed_correlations`).
    n_obs : int, optional
        Number of cases behind a matrix; leave out for raw data.
    missing : {"listwise", "pairwise", "fiml"}
        Default listwise. See `correlate`; with pairwise, n_obs is the smallest number of cases that a pair shares.
        "fiml" with "ml" fits
        the model to every observed cell; with other methods it factors the EM correlations (two-stage).
    mimic : {"spss", "psych", "lavaan", "efatools"}, optional
        Take all settings that are left out, stopping rules and fit conventions included, from that program
        (docs/parity.md); this package's own otherwise.
    lower_bound : float
        Smallest uniqueness, 0-1; default .005 as psych, .0001 for a tighter bound. Hitting it is a Heywood case, named
        in `heywood`; the bound then changes the answer.
    tolerance, max_iter : float, int
        Of the extraction: largest projected gradient, or change of communalities (paf, alpha); defaults 1e-9 and 5000.
    smooth : {"clip", "higham"}, optional
        How an indefinite matrix is repaired. Estimated ones (pairwise, polychoric) are clipped unless told; a given one
        is refused unless told.
    seed : int, optional
        Of the random rotation starts; stored.

    Returns
    -------
    EFAResult

    Raises
    ------
    DataError
        Data that cannot be factored: constant columns, no more cases than variables, not a correlation matrix, an
        indefinite matrix, a singular one where the method needs its inverse.
    SettingError
        Unknown option, or too many factors for the number of variables.

    Warns
    -----
    PsychometricsWarning
        Heywood case, no convergence, a singular or repaired matrix, or pairwise deletion.
    """
    chosen = presets.resolve(
        mimic,
        {
            "method": method,
            "rotation": rotation,
            "missing": missing,
            "n_starts": n_starts,
            "normalize": normalize,
            "epsilon": epsilon,
            "lower_bound": lower_bound,
            "tolerance": tolerance,
            "max_iter": max_iter,
            "rotation_tolerance": rotation_tolerance,
        },
    )
    method = checks.choice(chosen["method"], extraction.METHODS, "method")
    spec = make_spec(
        chosen["rotation"],
        oblique=oblique,
        n_starts=chosen["n_starts"],
        normalize=chosen["normalize"],
        gamma=gamma,
        epsilon=chosen["epsilon"],
        power=power,
        kappa=kappa,
        n_zeros=n_zeros,
        target=target,
        target_weights=target_weights,
        tolerance=chosen["rotation_tolerance"],
        algorithm=chosen["algorithm"],
        promax_target=chosen["promax_target"],
    )
    lower_bound = checks.number(chosen["lower_bound"], "lower_bound", low=0, high=1)
    tolerance = checks.number(chosen["tolerance"], "tolerance", low=0, high=1)
    max_iter = checks.integer(chosen["max_iter"], "max_iter", low=1)
    ready = intake.prepare(
        data, n_obs=n_obs, correlation=correlation, missing=chosen["missing"], definite=True, smooth=smooth
    )
    if chosen["pairwise_n"] == "rows" and ready.settings.get("n_obs_rule") and ready.n_rows:
        rule = {"n_obs": ready.n_rows, "n_obs_rule": "all rows"}
        ready = replace(ready, n_obs=ready.n_rows, settings={**ready.settings, **rule})
    p = len(ready.names)
    k = checks.n_factors(n_factors, p, method)
    fits(spec, p, k)
    seed = checks.resolve_seed(seed)
    _worth_factoring(ready, method)
    settings = {
        "mimic": mimic,
        **ready.settings,
        "n_factors": k,
        "method": method,
        **spec.settings(),
        "lower_bound": lower_bound,
        "tolerance": tolerance,
        "max_iter": max_iter,
        "stop": chosen["stop"] if method == "paf" else None,
        "fit": chosen["fit"],
        "seed": seed,
    }
    weights, gamma_matrix = _precision(ready, method)
    likelihoods = None
    if ready.moments is not None and ready.X is not None and method == "ml":
        from valuelex.psychometrics.extraction.full_information import full_information

        full = full_information(
            ready.X,
            k,
            ready.moments.mean,
            ready.moments.covariance,
            lower_bound=lower_bound,
            tolerance=min(tolerance, 1e-9),
            max_iter=max_iter,
        )
        found = full.found
        likelihoods = (ready.moments.log_likelihood, full.log_likelihood, full.null_log_likelihood)
        settings["missing_fit"] = "full information"
    else:
        if ready.moments is not None:
            settings["missing_fit"] = "two-stage: EM correlations"
        found = extraction.extract(
            ready.R,
            k,
            method,
            lower_bound=lower_bound,
            tolerance=tolerance,
            max_iter=max_iter,
            stop=chosen["stop"],
            weights=weights,
        )
    if method == "alpha" and not found.converged and found.gradient > UNSETTLED:
        raise DataError(
            f"Alpha factoring of {k} factor(s) does not settle: communalities still move by {found.gradient:.2f} from step "
            "to step.",
            "Take another number of factors, or another method.",
        )
    indices = _fit(ready, found, method, chosen["fit"], weights, gamma_matrix, likelihoods)
    result = _assemble(ready, found, spec, settings, indices, np.random.default_rng(seed))
    if result.heywood:
        checks.warn(
            f"Heywood case: the uniqueness of {', '.join(result.heywood)} ended at the lower bound {lower_bound}. "
            "Try fewer factors or drop the variable."
        )
    if not result.converged and mimic is None:
        part = "extraction" if not result.convergence["extraction"] else "rotation"
        checks.warn(f"The {part} did not converge; see .convergence, and raise max_iter or take another method.")
    return result


def _worth_factoring(ready: intake.Input, method: str) -> None:
    # Pairwise deletion takes the smallest n of a pair for its tests, but rests on more cases than that.
    n, p = ready.n_obs if ready.X is None else ready.X.shape[0], len(ready.names)
    enough_cases(n, p, method)
    if n <= p:
        checks.warn(f"There are no more cases ({n}) than variables ({p}): component loadings are unstable.")
        return
    if adequacy.is_singular(ready.R):
        if method in ("ml", "image"):
            named = "Maximum likelihood" if method == "ml" else "Image factoring"
            raise DataError(
                f"{named} needs a positive definite correlation matrix; this one ({p} variables, {n} cases) is not.",
                "Use method='minres', or drop duplicate columns (screen() lists them).",
            )
        checks.warn("The correlation matrix is singular or indefinite: fit is undefined. screen() says why.")


def enough_cases(n: int, p: int, method: str | None) -> None:
    """Refuse a common factor model of p variables from no more than p cases."""
    if n <= p and method != "pca":
        raise DataError(
            f"There are no more cases ({n}) than variables ({p}): a common factor model cannot be fitted.",
            "Drop variables, gather more cases, or use method='pca'.",
        )


def _precision(ready: intake.Input, method: str) -> tuple[FloatArray | None, FloatArray | None]:
    """Weights (p x p) of dwls, and the covariance of the correlations (p* x p*) if the fit needs it and it is small."""
    ordinal = ready.settings.get("correlation") in ("polychoric", "tetrachoric")
    if method != "dwls" and not (ordinal and method == "minres"):
        return None, None
    if ready.X is None:
        raise DataError("method='dwls' needs the precision of each correlation.", "Give raw data, not a matrix.")
    p = len(ready.names)
    from valuelex.psychometrics.correlation.asymptotic import asymptotic_covariance, asymptotic_covariance_pearson
    from valuelex.psychometrics.correlation.polychoric import Polychoric

    gamma: FloatArray | None = None
    if isinstance(ready.estimate, Polychoric):
        if p > robust.LARGEST:
            variances = asymptotic_covariance(ready.X, ready.estimate, diagonal=True)
        else:
            gamma = asymptotic_covariance(ready.X, ready.estimate)
            variances = np.diag(gamma)
    elif ready.settings.get("correlation") == "pearson" and not np.isnan(ready.X).any() and p <= robust.LARGEST:
        gamma = asymptotic_covariance_pearson(ready.X)
        variances = np.diag(gamma)
    else:
        raise SettingError(
            "method='dwls' goes with polychoric or tetrachoric correlations, or Pearson ones of up to "
            f"{robust.LARGEST} complete columns.",
            "Use method='minres', or correlation='polychoric'.",
        )
    if method != "dwls":
        return None, gamma
    W = np.zeros((p, p))
    W[np.tril_indices(p, -1)] = 1 / np.maximum(variances, 1e-12)
    return W + W.T, gamma


def _fit(
    ready: intake.Input,
    found: extraction.Extraction,
    method: str,
    convention: str,
    weights: FloatArray | None,
    gamma: FloatArray | None,
    likelihoods: tuple[float, float, float] | None,
) -> dict[str, Any]:
    implied = found.loadings @ found.loadings.T + np.diag(found.uniquenesses)
    k, p, n = found.loadings.shape[1], len(ready.names), ready.n_obs
    spread = data_spread(ready) if convention == "lavaan" else None
    indices = fit.fit_indices(ready.R, implied, k, n, convention=convention, components=method == "pca", spread=spread)
    if likelihoods is not None:
        saturated, model, null = likelihoods
        indices |= {"chi2": 2 * (saturated - model), "null_chi2": 2 * (saturated - null), "objective": np.nan}
        indices |= fit.comparative(indices["chi2"], indices["df"], indices["null_chi2"], p * (p - 1) // 2, n, "lavaan")
        indices |= fit.information(model, p * k + 2 * p - k * (k - 1) // 2, n)
        indices["srmr"] *= np.sqrt((p + 1) / (p + 3))  # the means are moments too, and fit exactly
        indices["convention"] = "chi2 is the likelihood ratio on all observed cells; " + fit.CONVENTIONS["lavaan"]
    elif gamma is not None:
        W = np.ones_like(ready.R) if weights is None else weights
        indices |= dict.fromkeys(("aic", "bic", "sabic", "objective"), np.nan)
        for name in ("log_likelihood", "n_parameters"):
            indices.pop(name, None)  # polychorics have no likelihood
        indices |= robust.scaled_shifted_fit(ready.R, found.loadings, W, gamma, n, indices["df"])
        indices["convention"] = robust.CONVENTION.format(statistic="DWLS" if method == "dwls" else "ULS")
    elif ready.settings.get("correlation") in checks.ORDINAL and method != "pca":
        indices["convention"] += "; chi2 takes the correlations for Pearson's, which inflates it: use method='dwls'"
    return indices


def data_spread(ready: intake.Input) -> FloatArray | None:
    """Standard deviations (divisor n) of the data or of a covariance matrix; None for a correlation matrix."""
    if ready.moments is not None:
        return ready.spread
    if ready.spread is not None:
        # Covariances are given with divisor n - 1, as every program prints them.
        return np.asarray(ready.spread * np.sqrt((ready.n_obs - 1) / ready.n_obs))
    if ready.X is None:
        return None
    return np.asarray(np.nanstd(ready.X, axis=0))


def _assemble(
    ready: intake.Input,
    found: extraction.Extraction,
    spec: rotating.Spec,
    settings: dict[str, Any],
    indices: dict[str, Any],
    rng: np.random.Generator,
) -> EFAResult:
    A, p = found.loadings, len(ready.names)
    k = A.shape[1]
    order, signs = alignment.convention(A, np.eye(k))
    A = A[:, order] * signs
    rotated = rotating.rotate_core(A, spec, rng)
    turned = rotating.ordered(rotated, spec)
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
        fit=indices,
        residuals=pd.DataFrame(ready.R - implied, index=names, columns=names),
        unrotated=pd.DataFrame(A, index=names, columns=factors),
        heywood=tuple(name for name, hit in zip(ready.names, found.heywood, strict=True) if hit),
        converged=found.converged and turned.converged,
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
        rotated=rotated,
    )
