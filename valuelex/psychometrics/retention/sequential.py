"""Step 3: fit of 0, 1, 2, ... factors: sequential chi-square, RMSEA, and information criteria."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.exploratory.fit import fit_indices
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.effective import effective_n
from valuelex.psychometrics.retention.given import given, substitute
from valuelex.psychometrics.retention.model import implied
from valuelex.psychometrics.screening.adequacy import is_singular
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

RULES = ("chi2", "rmsea", "bic", "sabic", "aic")
LEVEL = 0.05
CLOSE = 0.05
RISES = 3


@dataclass(frozen=True, eq=False)
class FitSequenceResult(Result):
    """What each rule keeps (`n_factors`, rule to number) and the fits they rest on (`fits`, one row per k)."""

    n_factors: dict[str, int]
    fits: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per number of factors: chi2, df, p, rmsea, cfi, bic, sabic, aic."""
        return self.fits.copy()

    def _headline(self) -> str:
        return "Fit: " + ", ".join(f"{rule} {k}" for rule, k in self.n_factors.items())


@dataclass
class FactorFits:
    """ML fits of R (p x p, n cases) with 0, 1, ... factors, each computed when first asked for."""

    R: FloatArray
    n: int
    known: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def most(self) -> int:
        """Largest number of factors with a fit test: df > 0."""
        p = self.R.shape[0]
        return max((k for k in range(p) if (p - k) ** 2 - (p + k) > 0), default=0)

    @one_thread
    def fit(self, k: int) -> dict[str, float]:
        """Chi-square and what follows from it."""
        if k not in self.known:
            model = np.eye(self.R.shape[0]) if k == 0 else implied(self.R, k, "ml")
            found = fit_indices(self.R, model, k, self.n)
            chi2, df = found["chi2"], found["df"]
            self.known[k] = {name: found[name] for name in ("chi2", "df", "p", "rmsea", "cfi", "bic")} | {
                "sabic": chi2 - df * np.log((self.n + 2) / 24),
                "aic": chi2 - 2 * df,
            }
        return self.known[k]

    def n_factors(self, rule: str) -> int:
        """Number of factors by one of `RULES`."""
        if rule in ("chi2", "rmsea"):
            for k in range(self.most + 1):
                found = self.fit(k)
                if found["p"] > LEVEL if rule == "chi2" else found["rmsea"] < CLOSE:
                    return k
            return self.most
        best = 0
        for k in range(self.most + 1):
            if self.fit(k)[rule] < self.fit(best)[rule]:
                best = k
            if k - best >= RISES:
                break
        return best


def fit_sequence(
    data: object,
    rules: tuple[str, ...] = RULES,
    *,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_obs: int | None = None,
) -> FitSequenceResult:
    """Number of factors from the fit of maximum-likelihood solutions with 0, 1, 2, ... factors.

    chi2: the first with p > .05 (Lawley, 1940; Bartlett's, 1951, factor). rmsea: the first below .05 (Browne & Cudeck,
    1993). bic, sabic, aic: the smallest of chi2 - df ln n, chi2 - df ln((n + 2) / 24) and chi2 - 2 df; the search ends
    when three more factors have not improved on the best. chi2 and aic keep what is significant, not what matters: with
    many cases they over-factor. For polychorics the Pearson correlations of the same data are fitted.

    Parameters
    ----------
    data, correlation, missing, n_obs
        As in `parallel_analysis`.
    rules : tuple of {"chi2", "rmsea", "bic", "sabic", "aic"}
        Which to apply.

    Raises
    ------
    DataError
        A singular matrix: maximum likelihood needs a positive definite one.
    SettingError
        An unknown rule, or none.
    """
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    if not names:
        raise SettingError("rules is empty.", f"Name at least one of: {', '.join(RULES)}.")
    for rule in names:
        checks.choice(rule, RULES, "rule")
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing)
    ready, told = substitute(data, ready, correlation, missing)
    settings = {"correlation": correlation, "missing": missing, "n_obs": ready.n_obs} | told
    return result_of(factor_fits(ready, str(settings["correlation"])), names, settings)


def result_of(fits: FactorFits, rules: tuple[str, ...], settings: dict[str, Any]) -> FitSequenceResult:
    """Apply rules to fits, and say which fits that took."""
    kept = {rule: fits.n_factors(rule) for rule in rules}
    told = {"extraction": "ml", "level": LEVEL, "rmsea_below": CLOSE, "rises": RISES, **settings}
    if fits.n != settings["n_obs"]:
        told["effective_n"] = fits.n
    frame = pd.DataFrame.from_dict(dict(sorted(fits.known.items())), orient="index").rename_axis("factors")
    return FitSequenceResult(kept, frame, told)


def factor_fits(ready: intake.Input, correlation: str) -> FactorFits:
    """The fits of checked input, or a DataError where maximum likelihood has no answer."""
    if ready.n_obs <= len(ready.names) or is_singular(ready.R):
        raise DataError(
            f"Maximum likelihood needs a positive definite matrix; this one is singular ({ready.n_obs} cases, "
            f"{len(ready.names)} variables).",
            "Use criteria that rest on eigenvalues, or gather more cases.",
        )
    return FactorFits(ready.R, effective_n(ready, correlation))
