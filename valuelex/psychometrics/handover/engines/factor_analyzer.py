"""The Python package factor-analyzer, asked for the same conventions and with three of its defects repaired.

Version 0.5.1 cannot fit with scikit-learn 1.8 or later (a renamed argument), leaves Phi in another order than the loadings, and
leaves Phi out of the communalities. Each repair is made here, from outside; the package is as it was after the call.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

import numpy as np

from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover.engines.outcome import RAN, FloatArray, Outcome

METHODS = {"minres": "minres", "ml": "ml"}


def solve(result: EFAResult, timeout: float) -> Outcome:
    """Fit and rotate by factor-analyzer; `timeout` is not used, it runs in this process."""
    try:
        found = version("factor-analyzer")
    except PackageNotFoundError:
        return Outcome("not installed: pip install factor-analyzer")
    options, why = _options(result)
    if why:
        return Outcome(f"skipped: {why}", found)
    try:
        fitted = fit(result.correlations.to_numpy(), options)
    except Exception as error:
        return Outcome(f"failed: {type(error).__name__}: {error}", found)
    loadings = np.asarray(fitted.loadings_, dtype=np.float64)
    phi = factor_correlations(fitted)
    notes = ["chi-square is not compared: factor-analyzer's changes under rotation."]
    if result.settings["lower_bound"] != 0.005 and result.uniquenesses.min() < 0.01:
        notes.append(f"Bound of the uniquenesses .005, here {result.settings['lower_bound']:g}.")
    if result.spec.n_starts > 1 and result.spec.method not in ("none", "varimax", "promax"):
        notes.append("One start of the rotation.")
    if result.spec.method in ("varimax", "promax") and result.spec.algorithm != "projection":
        notes.append("Its varimax is iterated further than that of the program mimicked.")
    return Outcome(RAN, found, loadings, phi, 1 - communalities(fitted), note=" ".join(notes))


def fit(R: FloatArray, options: dict[str, Any]) -> Any:
    """Return a fitted `FactorAnalyzer` for correlations R (p x p)."""
    import factor_analyzer.factor_analyzer as module

    with _old_check_array(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = module.FactorAnalyzer(is_corr_matrix=True, **options)
        fitted.fit(R)
    return fitted


def factor_correlations(fitted: Any) -> FloatArray:
    """Phi in the order of the loadings: the structure was sorted with them, and structure = loadings Phi."""
    loadings = np.asarray(fitted.loadings_, dtype=np.float64)
    if fitted.structure_ is None:
        return np.eye(loadings.shape[1])
    return np.asarray(np.linalg.lstsq(loadings, np.asarray(fitted.structure_), rcond=None)[0])


def communalities(fitted: Any) -> FloatArray:
    """diag(L Phi L'); the package's own leave Phi out."""
    loadings = np.asarray(fitted.loadings_, dtype=np.float64)
    structure = loadings if fitted.structure_ is None else np.asarray(fitted.structure_)
    return np.asarray(np.sum(loadings * structure, axis=1))


def _options(result: EFAResult) -> tuple[dict[str, Any], str]:
    """Arguments of `FactorAnalyzer`, or why it cannot be asked for this solution."""
    s, spec = result.settings, result.spec
    if s.get("missing_fit") == "full information":
        return {}, "it has no full-information maximum likelihood."
    if s["method"] not in METHODS:
        return {}, f"it has no extraction that equals method='{s['method']}'."
    options: dict[str, Any] = {"n_factors": result.n_factors, "method": METHODS[s["method"]], "rotation": None}
    if result.n_factors == 1 or spec.method == "none":
        return options, ""
    kaiser = spec.normalize in (True, "kaiser")
    own: dict[str, Any] = {"max_iter": 2000, "tol": 1e-6, "normalize": kaiser}
    if spec.method == "varimax" and not spec.oblique and spec.normalize != "cureton-mulaik":
        name = "varimax"
    elif spec.method == "promax" and kaiser and spec.promax_target == "power":
        name = "promax"
        own["power"] = spec.power
    elif spec.normalize:
        return {}, f"it has no row weights for {spec.method}."
    elif spec.method in ("oblimin", "quartimin") and spec.oblique and spec.gamma == 0:
        name = "oblimin"
    elif spec.method == "geomin":
        name = "geomin_obl" if spec.oblique else "geomin_ort"
        own["delta"] = spec.epsilon
    elif spec.method == "quartimax" and not spec.oblique:
        name = "quartimax"
    else:
        return {}, f"it has no rotation that equals '{spec.method}' with these settings."
    return options | {"rotation": name, "rotation_kwargs": own}, ""


@contextmanager
def _old_check_array(module: ModuleType) -> Iterator[None]:
    """Let the package call scikit-learn's `check_array` by the argument's old name, for the time of one fit."""
    original: Callable[..., Any] = module.check_array

    def check_array(*arguments: Any, **options: Any) -> Any:
        if "force_all_finite" in options:
            options["ensure_all_finite"] = options.pop("force_all_finite")
        try:
            return original(*arguments, **options)
        except TypeError:
            # scikit-learn before 1.6 knows the old name only.
            options["force_all_finite"] = options.pop("ensure_all_finite")
            return original(*arguments, **options)

    module.check_array = check_array  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.check_array = original  # type: ignore[attr-defined]
