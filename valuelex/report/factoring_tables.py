"""The tables of an analysis' report: screening, retention, loadings, fit, residuals, reliability."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from valuelex.psychometrics.analysis import Analysis
from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
from valuelex.psychometrics.exploratory.flags import SALIENT
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.report.content import Cell, Column, Table
from valuelex.report.wording import NONE, interval, is_missing, number, p_value, percent, whole

Rows = list[list[str | Cell]]
MOST_RESIDUALS = 10
MOST_MINIMA = 25
_VERDICTS = {"ok": "ok", "caution": "Caution", "stop": "Stop"}
_FIT = (
    ("chi2", "χ²", 2),
    ("df", "df", 0),
    ("p", "p", 3),
    ("rmsea", "RMSEA", 4),
    ("rmsea_ci_low", "RMSEA, 90 % from", 4),
    ("rmsea_ci_high", "RMSEA, 90 % to", 4),
    ("cfi", "CFI", 4),
    ("tli", "TLI", 4),
    ("srmr", "SRMR", 4),
    ("rmsr", "RMSR", 4),
    ("aic", "AIC", 1),
    ("bic", "BIC", 1),
    ("sabic", "sample-adjusted BIC", 1),
)


def screening(analysis: Analysis) -> Table:
    """One row per check of the data, those that call for something first."""
    order = {"stop": 0, "caution": 1, "ok": 2}
    rows: Rows = [
        [
            f.name,
            Cell(_VERDICTS.get(f.verdict, f.verdict), strong=f.verdict != "ok"),
            f.detail,
            f.remedy or NONE,
        ]
        for f in sorted(analysis.screening.verdicts, key=lambda f: order.get(f.verdict, 3))
    ]
    heads = (Column("check"), Column("verdict"), Column("finding", wide=True), Column("what to do", wide=True))
    note = "Stop: factoring is impossible or meaningless. Caution: the numbers mean less than they seem to."
    return Table("screening-table", "What the data are like", heads, rows, note)


def sampling_adequacy(analysis: Analysis) -> Table:
    """KMO's measure per variable, the lowest first."""
    msa = analysis.screening.msa.sort_values()
    rows: Rows = [[str(name), number(value)] for name, value in msa.items()]
    heads = (Column("variable"), Column("MSA", number=True))
    return Table("screening-msa", "Sampling adequacy of each variable", heads, rows, "Below 0.50 is unacceptable.")


def retention(analysis: Analysis) -> Table:
    """The criteria side by side with their settings."""
    rows: Rows = []
    for row in analysis.retention.frame.to_dict("records"):
        settings = json.loads(str(row["settings"]))
        said = ", ".join(f"{key} {_plain(value)}" for key, value in settings.items() if value is not None)
        rows.append([str(row["criterion"]), whole(row["n_factors"]), said or NONE])
    heads = (Column("criterion", code=True), Column("factors", number=True), Column("settings", wide=True))
    note = (
        "No criterion is right everywhere; where they differ, look at the solutions on both sides. Kaiser’s rule "
        "over-factors and has no vote, nor has the ensemble, which repeats what others say."
    )
    return Table("retention-table", "How many factors each criterion suggests", heads, rows, note)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items()) + ")"
    return f"{value:g}" if isinstance(value, float) else str(value)


def loadings(efa: EFAResult) -> Table:
    """Pattern with communality, uniqueness, complexity and flags, each variable under the factor of its largest loading."""
    L = efa.loadings.to_numpy()
    flags: dict[str, list[str]] = {}
    for row in efa.flags.to_dict("records"):
        flags.setdefault(str(row["variable"]), []).append(str(row["flag"]))
    A = np.abs(L)
    rows: Rows = []
    for i in np.lexsort((-A.max(axis=1), A.argmax(axis=1))):
        name = str(efa.loadings.index[i])
        cells: list[str | Cell] = [Cell(number(v), abs(v) >= SALIENT, float(v)) for v in L[i]]
        values = (efa.communalities.iloc[i], efa.uniquenesses.iloc[i], efa.complexity.iloc[i])
        rows.append([name, *cells, *(number(v) for v in values), ", ".join(flags.get(name, [])) or NONE])
    heads = (
        Column("variable"),
        *(Column(str(name), number=True) for name in efa.loadings.columns),
        Column("h²", number=True),
        Column("u²", number=True),
        Column("complexity", number=True),
        Column("look at"),
    )
    note = (
        f"Pattern matrix, sorted; loadings of {SALIENT:g} or more (absolute) in bold. A bar to the right is a positive "
        "loading, to the left a negative one; the track runs from −1 to 1. h²: communality, u²: uniqueness, complexity: "
        "Hofmann’s index, 1 for a variable on one factor alone."
    )
    return Table("loadings-table", "Loadings", heads, rows, note, cutoff=SALIENT)


def structure(efa: EFAResult) -> Table:
    """Correlations of variables and factors."""
    S = efa.structure
    rows: Rows = [[str(name), *(number(v) for v in row)] for name, row in zip(S.index, S.to_numpy(), strict=True)]
    heads = (Column("variable"), *(Column(str(name), number=True) for name in S.columns))
    return Table("loadings-structure", "Structure: correlations of variables and factors", heads, rows)


def factor_correlations(table: pd.DataFrame, name: str, caption: str, note: str = "") -> Table:
    """A square table of factors."""
    rows: Rows = [
        [str(factor), *(number(v) for v in row)] for factor, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return Table(name, caption, (Column("factor"), *(Column(str(f), number=True) for f in table.columns)), rows, note)


def variance(efa: EFAResult) -> Table:
    """What each factor accounts for."""
    rows: Rows = [
        [str(factor), number(row["ss_loadings"]), percent(row["proportion"]), percent(row["cumulative"])]
        for factor, row in efa.variance.iterrows()
    ]
    heads = (
        Column("factor"),
        Column("sum of squared loadings", number=True),
        Column("of all variance", number=True),
        Column("cumulative", number=True),
    )
    note = "diag(Φ Λ′Λ): with correlated factors their common part is shared out." if efa.spec.oblique else ""
    return Table("loadings-variance", "Variance accounted for", heads, rows, note)


def minima(efa: EFAResult) -> Table:
    """Distinct local minima of the rotation."""
    rows: Rows = [
        [
            whole(i),
            number(row["value"], 6),
            whole(row["count"]),
            percent(row["share"], 0),
            whole(row["hyperplane"]),
            "yes" if row["converged"] else Cell("no", strong=True),
        ]
        for i, row in enumerate(efa.minima.head(MOST_MINIMA).to_dict("records"))
    ]
    heads = (
        Column("minimum", number=True),
        Column("criterion", number=True),
        Column("starts", number=True),
        Column("share", number=True),
        Column("small loadings", number=True),
        Column("converged"),
    )
    left = len(efa.minima) - MOST_MINIMA
    note = "The best, number 0, is reported; result.minimum(i) gives another. Small loadings: in the hyperplanes."
    note += f" {left} more are in minima.csv." if left > 0 else ""
    return Table("loadings-minima", "Local minima of the rotation", heads, rows, note)


def fit(analysis: Analysis) -> Table:
    """Fit indices in the conventions of three programs; the reported one first."""
    efa = analysis.efa
    table = efa.fit_table()
    reported = {key: efa.fit.get(key) for key, _, _ in _FIT}
    reported["rmsea_ci_low"], reported["rmsea_ci_high"] = efa.fit["rmsea_ci"]
    rows: Rows = []
    for key, title, digits in _FIT:
        told = [_index(key, value, digits) for value in (reported[key], *table.loc[key])]
        rows.append([title, Cell(told[0], strong=True), *told[1:]])
    heads = (
        Column("index"),
        Column("reported", number=True),
        *(Column(f"as {name}", number=True) for name in ("psych", "lavaan", "EFAtools")),
    )
    return Table(
        "fit-table", "Fit, in the conventions of three programs", heads, rows, f"Reported: {efa.fit['convention']}."
    )


def _index(key: str, value: Any, digits: int) -> str:
    return p_value(value) if key == "p" else number(value, digits)


def residuals(efa: EFAResult) -> Table:
    """The pairs whose correlations the model reproduces worst."""
    E = efa.residuals.to_numpy()
    below = np.tril_indices(len(E), -1)
    order = np.argsort(-np.abs(E[below]))[:MOST_RESIDUALS]
    names, R = efa.residuals.index, efa.correlations.to_numpy()
    rows: Rows = [
        [f"{names[j]} × {names[i]}", number(R[i, j]), number(R[i, j] - E[i, j]), number(E[i, j], 3)]
        for i, j in ((below[0][o], below[1][o]) for o in order)
    ]
    heads = (
        Column("pair"),
        Column("observed", number=True),
        Column("implied", number=True),
        Column("residual", number=True),
    )
    note = (
        "Observed minus implied correlation; all are in residuals.csv. Beyond 0.10 in size, a pair shares more or less."
    )
    return Table("fit-residuals", "The largest residual correlations", heads, rows, note)


def bootstrap(found: BootstrapResult) -> Table:
    """Each loading with its interval."""
    rows: Rows = [
        [
            str(row["variable"]),
            str(row["factor"]),
            Cell(number(row["loading"]), abs(row["loading"]) >= SALIENT),
            number(row["se"], 3),
            interval(row["ci_low"], row["ci_high"]),
        ]
        for row in found.frame.to_dict("records")
    ]
    heads = (
        Column("variable"),
        Column("factor"),
        Column("loading", number=True),
        Column("standard error", number=True),
        Column(f"{percent(found.settings['level'], 0)} interval", number=True),
    )
    return Table("uncertainty-loadings", "Loadings with standard errors and intervals", heads, rows)


def congruence(found: BootstrapResult) -> Table:
    """How like the original the factors of resamples are."""
    rows: Rows = [
        [str(factor), number(row["mean"], 3), number(row["ci_low"], 3), number(row["minimum"], 3)]
        for factor, row in found.congruence.iterrows()
    ]
    heads = (
        Column("factor"),
        Column("mean", number=True),
        Column("5th percentile", number=True),
        Column("smallest", number=True),
    )
    note = (
        "Tucker’s congruence of a resample’s factor with the original; from 0.85 fair, from 0.95 equal (Lorenzo-Seva & ten "
        "Berge, 2006)."
    )
    return Table("uncertainty-congruence", "How steady the factors are under resampling", heads, rows, note)


def reliability(analysis: Analysis) -> Table:
    """Alpha per factor; alpha and both omegas of all items."""
    rows: Rows = []
    for row in analysis.reliability.to_dict("records"):
        cells = [_with_interval(row, name) for name in ("alpha", "omega_total", "omega_hierarchical")]
        # After a hyphen a line may be broken, after a minus sign it may not.
        items = f" {row['items']}".replace(" -", " −").strip()
        rows.append([str(row["scale"]), items, *cells])
    heads = (
        Column("scale"),
        Column("items", wide=True),
        Column("α", number=True),
        Column("ω total", number=True),
        Column("ω hierarchical", number=True),
    )
    note = (
        f"Of the items that load highest on a factor; a minus reverses an item. In brackets "
        f"{percent(analysis.settings['level'], 0)} intervals. ω hierarchical: share of one general factor."
    )
    return Table("reliability-table", "Reliability", heads, rows, note)


def _with_interval(row: dict[Any, Any], name: str) -> str:
    if is_missing(row.get(name)):
        return NONE
    found = interval(row.get(f"{name}_ci_low"), row.get(f"{name}_ci_high"))
    return number(row[name]) if found == NONE else f"{number(row[name])} {found}"


def determinacy(efa: EFAResult, method: str) -> Table:
    """How well scores stand for their factors."""
    rows: Rows = [
        [str(factor), *(number(row[c]) for c in ("determinacy", "minimum_correlation", "validity"))]
        for factor, row in efa.determinacy(method).iterrows()
    ]
    heads = (
        Column("factor"),
        Column("determinacy", number=True),
        Column("smallest correlation of two equally good scores", number=True),
        Column("validity of these scores", number=True),
    )
    note = (
        "Determinacy: the best correlation that any linear score has with its factor (Grice, 2001, asks for 0.90 where "
        "persons are told apart)."
    )
    return Table("reliability-determinacy", f"Scores ({method}) and their factors", heads, rows, note)
