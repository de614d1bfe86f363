"""`invariance`: the same model in several groups, with more and more held equal (Meredith, 1993)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.confirmatory import compare
from valuelex.psychometrics.confirmatory.cfa import ESTIMATORS, cfa
from valuelex.psychometrics.confirmatory.data import grouped
from valuelex.psychometrics.confirmatory.ladder import CONTINUOUS, NEW, checked_levels, ordered_model
from valuelex.psychometrics.confirmatory.result import CFAResult
from valuelex.psychometrics.confirmatory.syntax import Model, parse
from valuelex.psychometrics.results import Result

SMALL = 300
CHEN = {False: (-0.010, 0.015, 0.030, 0.010), True: (-0.005, 0.010, 0.025, 0.005)}
"""Chen (2007): change of CFI, RMSEA, SRMR (metric level), SRMR (others); for more and for no more than 300 cases."""


@dataclass(frozen=True)
class _Setup:
    """What it takes to fit a level."""

    model: Model
    data: pd.DataFrame
    options: dict[str, Any]
    thresholds: dict[str, int] | None
    n_groups: int

    def fit(self, level: str, partial: Sequence[str]) -> CFAResult:
        if self.thresholds is None:
            equal = CONTINUOUS[level]
            # A parameter that this level leaves free anyway needs no exemption, and is not an error.
            return cfa(self.model, self.data, **self.options, group_equal=equal, group_partial=partial if equal else ())
        text = ordered_model(self.model, level, self.n_groups, self.thresholds, partial)
        return cfa(text, self.data, **self.options, std_lv=True, parameterization="theta")


@dataclass(frozen=True, eq=False)
class InvarianceResult(Result):
    """Levels of invariance, each against the one before it.

    Attributes
    ----------
    table : DataFrame, one row per level
        chisq, df, pvalue, cfi, rmsea, srmr (of robust estimators the robust or scaled ones), chisq_diff, df_diff, p_diff
        of the difference test, delta_cfi, delta_rmsea, delta_srmr, and verdict: "tenable", "doubtful" (CFI, or RMSEA
        and SRMR, moved more than Chen, 2007, allows) or "rejected" (CFI and one of the others). Each level is judged
        against the one before it; see `highest`.
    models : dict
        The fitted `CFAResult` of each level.
    partial : tuple of str
        Parameters that were left free.
    settings : dict
        Every setting that can move a number.
    """

    table: pd.DataFrame
    models: dict[str, CFAResult]
    partial: tuple[str, ...]
    settings: dict[str, Any]
    setup: _Setup = field(repr=False)

    @property
    def highest(self) -> str:
        """The last level that is tenable together with all before it."""
        names = list(self.table.index)
        reached = names[0]
        for name in names[1:]:
            if self.table.loc[name, "verdict"] != "tenable":
                break
            reached = name
        return reached

    def to_frame(self) -> pd.DataFrame:
        """The table of levels."""
        return self.table.copy()

    def suggest(self, level: str | None = None, *, alpha: float = 0.05, most: int = 10) -> pd.DataFrame:
        """Free what groups do not share, one parameter at a time, the largest score test first. Exploratory.

        A search like this capitalises on chance (MacCallum, Roznowski & Necowitz, 1992): hold its outcome against other
        data before you believe it. It ends when the level is tenable, when no test is significant, or at `most`.

        Parameters
        ----------
        level : str, optional
            Default: the first level that is not tenable.
        alpha : float
            Of the score tests, divided by their number (Bonferroni).
        most : int
            Parameters to free at most.

        Returns
        -------
        DataFrame
            One row per step: parameter, mi and pvalue of its score test, and cfi, delta_cfi, chisq_diff, df_diff, p_diff,
            verdict of the level with it (and those above it) free. Empty if all is tenable. Give the names to
            ``invariance(partial=...)``.
        """
        names = list(self.table.index)
        if level is None:
            level = next((n for n in names[1:] if self.table.loc[n, "verdict"] != "tenable"), None)
        elif level not in names[1:]:
            raise SettingError(
                f"level={level!r} has nothing before it to compare.", f"Use one of: {', '.join(names[1:])}."
            )
        alpha = checks.number(alpha, "alpha", low=0, high=1)
        most = checks.integer(most, "most", low=1)
        columns = ["parameter", "mi", "pvalue", "cfi", "delta_cfi", "chisq_diff", "df_diff", "p_diff", "verdict"]
        steps: list[dict[str, Any]] = []
        if level is None:
            return pd.DataFrame(steps, columns=columns)
        before = self.models[names[names.index(level) - 1]]
        partial, fitted = list(self.partial), self.models[level]
        verdict = str(self.table.loc[level, "verdict"])
        while verdict != "tenable" and len(steps) < most:
            tests = _candidates(fitted, level, self.setup.thresholds is not None)
            if tests.empty or tests["pvalue"].iloc[0] > alpha / len(tests):
                break
            first = tests.iloc[0]
            partial.append(str(first["parameter"]))
            fitted = self.setup.fit(level, partial)
            row = _row(fitted, before, level)
            verdict = row["verdict"]
            steps.append(row | {"parameter": partial[-1], "mi": first["mi"], "pvalue": first["pvalue"]})
        return pd.DataFrame(steps, columns=columns)

    def _headline(self) -> str:
        verdicts = ", ".join(f"{level} {self.table.loc[level, 'verdict']}" for level in self.table.index[1:])
        groups = len(next(iter(self.models.values())).groups)
        return f"Invariance across {groups} groups: {verdicts or 'one level only'}; holds up to {self.highest}"


def invariance(
    model: str | Model,
    data: pd.DataFrame,
    *,
    group: str,
    levels: Sequence[str] | None = None,
    estimator: str = "ml",
    partial: Sequence[str] = (),
    missing: str = "listwise",
    orthogonal: bool = False,
    std_lv: bool = True,
    max_iter: int = 500,
) -> InvarianceResult:
    """Fit a model in several groups, level after level, and compare each with the one before.

    Continuous variables: configural (the same pattern), metric (loadings), scalar (and intercepts), strict (and residual
    variances). Ordered items (estimator="wlsmv"): configural, thresholds, metric, scalar, strict after Wu & Estabrook
    (2016): with polychorics the thresholds have to be equal before loadings can be compared.

    Parameters
    ----------
    model : str
        lavaan syntax, as in `cfa`.
    data : DataFrame
        Raw data with the column of the groups.
    group : str
        That column.
    levels : sequence of str, optional
        Which levels; default all.
    estimator : {"ml", "mlr", "wlsmv"}
        Difference tests: likelihood ratio; Satorra & Bentler (2001); Satorra (2000).
    partial : sequence of str
        Parameters free in all groups at every level, e.g. ("x3 ~ 1", "visual =~ x2"); see `InvarianceResult.suggest`.
    missing, orthogonal, max_iter
        As in `cfa`.
    std_lv : bool
        Factor variances are 1 in the first group, so that no loading is taken for equal without a test.

    Returns
    -------
    InvarianceResult

    Raises
    ------
    DataError
        As in `cfa`, e.g. a group without some category or with too few cases; items of two categories at levels that say
        nothing of them.
    SettingError
        Unknown levels or options.
    """
    checks.choice(estimator, ESTIMATORS, "estimator")
    chosen = checked_levels(levels, estimator == "wlsmv")
    read = model if isinstance(model, Model) else parse(model)
    partial = (partial,) if isinstance(partial, str) else tuple(partial)
    options: dict[str, Any] = {
        "group": group,
        "estimator": estimator,
        "missing": missing,
        "orthogonal": orthogonal,
        "max_iter": max_iter,
    }
    ready = grouped(read, data, group=group, estimator=estimator, missing=missing, n_obs=None)
    if estimator != "wlsmv":
        options["std_lv"] = std_lv
    setup = _Setup(read, data, options, ready.thresholds, len(ready.labels))
    models: dict[str, CFAResult] = {}
    rows, before = [], None
    for level in chosen:
        models[level] = setup.fit(level, partial)
        rows.append(_row(models[level], before, level))
        before = models[level]
    table = pd.DataFrame(rows, index=pd.Index(chosen, name="level"))
    settings = {
        **options,
        "std_lv": options.get("std_lv", True),
        "levels": chosen,
        "partial": partial or None,
        "difference": compare.METHODS[estimator],
        "verdict": "Chen (2007)",
        "n_obs": sum(ready.sizes),
        "group_sizes": dict(zip(ready.labels, ready.sizes, strict=True)),
    }
    return InvarianceResult(table, models, partial, settings, setup)


def _row(fitted: CFAResult, before: CFAResult | None, level: str) -> dict[str, Any]:
    now = _best(fitted.fit)
    nothing = (np.nan, 0, np.nan)
    row: dict[str, Any] = {**now, **dict(zip(("chisq_diff", "df_diff", "p_diff"), nothing, strict=True))}
    row |= {"delta_cfi": np.nan, "delta_rmsea": np.nan, "delta_srmr": np.nan, "verdict": ""}
    if before is None:
        return row
    test = compare.difference(before.estimation, fitted.estimation)
    then = _best(before.fit)
    change = {key: now[key] - then[key] for key in ("cfi", "rmsea", "srmr")}
    row |= {"chisq_diff": test.chisq, "df_diff": test.df, "p_diff": test.pvalue}
    row |= {f"delta_{key}": value for key, value in change.items()}
    return row | {"verdict": verdict(change, level, fitted.fit["n_obs"])}


def _best(fit: dict[str, Any]) -> dict[str, Any]:
    """The measures of a level: robust where there are, else scaled, else plain."""
    out = {"chisq": fit.get("chisq_scaled", fit["chisq"]), "df": fit["df"]}
    out["pvalue"] = fit.get("pvalue_scaled", fit["pvalue"])
    for key in ("cfi", "rmsea"):
        out[key] = fit.get(f"{key}_robust", fit.get(f"{key}_scaled", fit[key]))
    return out | {"srmr": fit["srmr"]}


def verdict(change: dict[str, float], level: str, n: int) -> str:
    """Chen's (2007, https://doi.org/10.1080/10705510701301834) rule for changes of cfi, rmsea and srmr."""
    cfi, rmsea, metric, other = CHEN[n <= SMALL]
    # Rounded, since a change of exactly .010 must not hang on the last bit.
    worse = round(change["cfi"], 10) <= cfi
    others = (
        round(change["rmsea"], 10) >= rmsea,
        round(change["srmr"], 10) >= (metric if level == "metric" else other),
    )
    if worse and any(others):
        return "rejected"
    return "doubtful" if worse or all(others) else "tenable"


def _candidates(fitted: CFAResult, level: str, ordered: bool) -> pd.DataFrame:
    """Score tests of what this level newly restricts, one row per parameter."""
    restricted_to_value = ordered and level in ("scalar", "strict")
    tests = fitted.modification_indices() if restricted_to_value else fitted.equality_tests()
    tests = tests[tests["op"].isin(NEW[level])]
    observed = set(fitted.loadings.columns)
    tests = tests[~tests["lhs"].isin(observed)] if level in ("scalar", "strict") else tests
    if level == "strict":
        tests = tests[tests["lhs"] == tests["rhs"]]
    if restricted_to_value:
        tests = tests[tests["group"] != fitted.groups[0]]
    name = [f"{r.lhs} ~ 1" if r.op == "~1" else f"{r.lhs} {r.op} {r.rhs}" for r in tests.itertuples()]
    return tests.assign(parameter=name).drop_duplicates("parameter", ignore_index=True)
