"""The report of `valuelex efa`: one analysis as one HTML page, in the order in which an analyst would tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

from valuelex._version import __version__
from valuelex.psychometrics.analysis import Analysis
from valuelex.psychometrics.exploratory.flags import SALIENT
from valuelex.psychometrics.handover.pictures import Palette, intervals, scree
from valuelex.report import factoring_again as again
from valuelex.report import factoring_tables as tables
from valuelex.report.analysis_files import plain
from valuelex.report.content import Block, Details, Figure, Listing, Section
from valuelex.report.overview import Fact
from valuelex.report.page import assemble
from valuelex.report.wording import count, is_missing, listed, number, p_phrase, percent, spelled, whole

COLOURS = Palette(tuple(f"var(--c{i + 1})" for i in range(8)), "var(--ink)", "var(--faint)")
LARGE_RESIDUAL = 0.1
METHODS = {
    "minres": "minimum residuals",
    "ml": "maximum likelihood",
    "paf": "principal axis",
    "dwls": "diagonally weighted least squares",
    "alpha": "alpha factoring",
    "image": "image factoring",
    "pca": "principal components",
}


@dataclass(frozen=True)
class Head:
    """What stands above the sections."""

    title: str
    summary: str
    facts: list[Fact]
    warnings: list[str] = field(default_factory=list)


def render_analysis(analysis: Analysis) -> str:
    """Return the report of an analysis as one HTML page that needs nothing but itself.

    Parameters
    ----------
    analysis : Analysis
        Names of variables are data: they are escaped, and part of no script.
    """
    return assemble("analysis.html.j2", head(analysis), sections(analysis))


def head(analysis: Analysis) -> Head:
    """What was analysed, with how many factors, and why so many."""
    efa, s = analysis.efa, analysis.settings
    fit, k = efa.fit, efa.n_factors
    what = "component" if s["method"] == "pca" else "factor"
    source = str(s.get("correlation") or "").capitalize() or "Given"
    summary = (
        f"{spelled(k)} {what}{'' if k == 1 else 's'} of {count(len(efa.loadings), 'variable')}, n = {efa.source.n_obs:,}. "
        f"{source} correlations, {METHODS[s['method']]}, {_rotation(analysis)}. {_why(analysis)}"
    )
    facts = [
        Fact(whole(efa.source.n_obs), "cases", "smallest of a pair" if "n_obs_rule" in s else ""),
        Fact(whole(len(efa.loadings)), "variables"),
        Fact(whole(k), f"{what}s", "given" if s["n_factors_rule"] == "given" else "by the retention criteria"),
        Fact(percent(efa.variance["cumulative"].iloc[-1], 0), "of the variance", f"by all {what}s"),
        Fact(number(analysis.screening.kmo), "KMO"),
        Fact(number(fit["srmr"], 3), "SRMR") if is_missing(fit["rmsea"]) else Fact(number(fit["rmsea"], 3), "RMSEA"),
    ]
    return Head("Factor analysis", summary, facts, list(analysis.messages))


def sections(analysis: Analysis) -> list[Section]:
    """All sections, those left out that the analysis was not asked for."""
    made = [_screening(analysis), _retention(analysis), _loadings(analysis), _fit(analysis)]
    if analysis.bootstrap is not None:
        made.append(_uncertainty(analysis))
    return [*made, _reliability(analysis), _settings(analysis)]


def _rotation(analysis: Analysis) -> str:
    s = analysis.settings
    if s["rotation"] == "none" or analysis.efa.n_factors == 1:
        return "unrotated"
    return f"{'oblique' if analysis.efa.spec.oblique else 'orthogonal'} {s['rotation'].replace('_', '-')} rotation"


def _why(analysis: Analysis) -> str:
    k, rule = analysis.efa.n_factors, str(analysis.settings["n_factors_rule"])
    if rule != "given":
        return f"Number of factors: {rule}."
    vote, apart = analysis.retention.vote, analysis.retention.disagreement
    if vote is None:
        return "The number was given."
    spread = "agree" if apart == 0 else f"differ by {apart}"
    also = ", too" if vote == k else ""
    return f"The number was given; the retention criteria {spread}, and their vote is {vote}{also}."


def _screening(analysis: Analysis) -> Section:
    found = analysis.screening
    cautions = [f.name for f in found.verdicts if f.verdict == "caution"]
    lead = "The data can be factored." if found.factorable else "The data should not be factored as they are."
    findings = [" ".join([lead, *found.reasons])]
    if cautions:
        findings.append(f"Caution: {listed(cautions)}.")
    if found.bartlett is not None:
        test = found.bartlett
        findings.append(f"Bartlett’s test: χ²({test.df}) = {number(test.chi2, 1)}, {p_phrase(test.p)}.")
    blocks: list[Block] = [tables.screening(analysis)]
    if not found.msa.isna().all():
        blocks.append(Details("Sampling adequacy of each variable", (tables.sampling_adequacy(analysis),)))
    return Section("screening", "Can these data be factored?", findings, blocks)


def _retention(analysis: Analysis) -> Section:
    found, k = analysis.retention, analysis.efa.n_factors
    rows = found.frame.dropna(subset=["n_factors"])
    by_number: dict[int, list[str]] = {}
    for name, n in zip(rows["criterion"], rows["n_factors"], strict=True):
        by_number.setdefault(int(n), []).append(str(name))
    told = "; ".join(f"{n}: {listed(names)}" for n, names in sorted(by_number.items()))
    if len(by_number) == 1:
        lead = f"All criteria agree on {next(iter(by_number))}."
    else:
        low, high = min(by_number, default=0), max(by_number, default=0)
        lead = f"The criteria disagree: they suggest from {low} to {high} factors. {told}."
    reference = {} if found.reference is None else {"parallel analysis": found.reference}
    above = (
        "" if found.reference is None else f", {int(np.sum(found.eigenvalues > found.reference))} above the reference"
    )
    picture = Figure(
        "retention-scree",
        "Eigenvalues of the correlation matrix" + (" and those of data without factors" if reference else ""),
        f"Falling line of {count(len(found.eigenvalues), 'eigenvalue')}, largest {number(found.eigenvalues[0])}{above}; "
        f"a dotted line after {k}.",
        scree(found.eigenvalues, reference, n_factors=k, palette=COLOURS),
        "The dotted line marks the number of factors of this analysis.",
    )
    return Section("retention", "How many factors?", [lead, _why(analysis)], [picture, tables.retention(analysis)])


def _loadings(analysis: Analysis) -> Section:
    efa = analysis.efa
    L = efa.loadings
    largest = np.abs(L.to_numpy()).argmax(axis=1)
    groups = []
    for j, factor in enumerate(L.columns):
        mine = [
            (abs(v), str(name), v)
            for name, v, own in zip(L.index, L.iloc[:, j], largest == j, strict=True)
            if own and abs(v) >= SALIENT
        ]
        names = [f"{name} ({number(value)})" for _, name, value in sorted(mine, key=lambda row: -row[0])]
        groups.append(f"{factor}: {listed(names, 8) if names else 'no variable has its salient loading here'}.")
    findings = [" ".join(groups), _flags(analysis)]
    if efa.heywood:
        bound = efa.settings["lower_bound"]
        findings.append(f"Heywood case: the uniqueness of {listed(efa.heywood)} ended at its lower bound {bound:g}.")
    if not efa.converged:
        findings.append("Extraction or rotation did not converge: these numbers are not final.")
    blocks: list[Block] = [tables.loadings(efa)]
    if efa.n_factors > 1 and efa.spec.oblique:
        blocks += [
            tables.factor_correlations(efa.phi, "loadings-phi", "Correlations of the factors", "Φ, after rotation."),
            Details("Structure matrix", (tables.structure(efa),)),
        ]
    blocks.append(tables.variance(efa))
    if efa.n_factors > 1 and efa.settings["rotation"] != "none":
        findings.append(_minima(analysis))
        if len(efa.minima) > 1:
            blocks.append(Details(f"The {len(efa.minima)} local minima of the rotation", (tables.minima(efa),)))
    return Section("loadings", "The factors", findings, blocks)


def _flags(analysis: Analysis) -> str:
    flags = analysis.efa.flags
    if flags.empty:
        return "No variable is flagged: each has one salient loading and enough in common with the others."
    counts = flags["flag"].value_counts(sort=False)
    told = listed(f"{name} ({n})" for name, n in counts.items())
    return f"{count(flags['variable'].nunique(), 'variable')} to look at: {told}. The table names them."


def _minima(analysis: Analysis) -> str:
    minima, starts = analysis.efa.minima, analysis.settings.get("n_starts", 1)
    if len(minima) > 1:
        return (
            f"The rotation has {len(minima)} local minima; {percent(minima['share'].iloc[0], 0)} of {starts} starts "
            "ended in the best one, which is reported. Others may be as meaningful."
        )
    if starts == 1:
        return "The rotation was started once: whether it has a better minimum is not known."
    return f"All of {starts} starts of the rotation ended in one minimum."


def _fit(analysis: Analysis) -> Section:
    efa = analysis.efa
    fit, E = efa.fit, efa.residuals.to_numpy()
    below = np.abs(E[np.tril_indices(len(E), -1)])
    large = int(np.sum(below > LARGE_RESIDUAL))
    findings = []
    if not is_missing(fit["p"]):
        low, high = fit["rmsea_ci"]
        findings.append(
            f"χ²({whole(fit['df'])}) = {number(fit['chi2'], 1)}, {p_phrase(fit['p'])}; RMSEA {number(fit['rmsea'], 3)}, 90 % "
            f"interval {number(low, 3)} to {number(high, 3)}; CFI {number(fit['cfi'], 3)}, TLI {number(fit['tli'], 3)}, "
            f"SRMR {number(fit['srmr'], 3)}."
        )
    else:
        findings.append(f"There is no test of fit here; SRMR {number(fit['srmr'], 3)}.")
    findings.append(
        f"{large:,} of {count(len(below), 'residual correlation')} are larger than 0.10 in size; the largest is "
        f"{number(below.max(), 3)}."
    )
    blocks: list[Block] = [tables.fit(analysis)] if not is_missing(fit["p"]) else []
    return Section(
        "fit", "How well do the factors account for the correlations?", findings, [*blocks, tables.residuals(efa)]
    )


def _uncertainty(analysis: Analysis) -> Section:
    found = analysis.bootstrap
    if found is None:
        return Section("uncertainty", "How sure are the loadings?", absent="No bootstrap was asked for.")
    level = percent(found.settings["level"], 0)
    B = found.replicates.shape[0]
    lowest = found.congruence["mean"].idxmin()
    failed = f"; {found.n_failed:,} could not be factored" if found.n_failed else ""
    lead = (
        f"{count(B, 'resample')} of {found.settings['resampled']}{failed}. The median standard error of a loading is "
        f"{number(found.frame['se'].median(), 3)}; least steady is {lowest}, whose mean congruence with the original is "
        f"{number(found.congruence['mean'].min(), 3)}."
    )
    spec = intervals(found, COLOURS)
    picture = Figure(
        "uncertainty-intervals",
        f"Loadings with {level} intervals",
        f"A dot and an interval for each of {count(len(found.frame), 'loading')}; the table below has the numbers.",
        spec,
        "Percentile intervals of resampled, aligned solutions. One symbol per factor.",
    )
    blocks: list[Block] = [picture, tables.congruence(found)]
    blocks.append(Details("Every loading with its interval", (tables.bootstrap(found),)))
    return Section("uncertainty", "How sure are the loadings?", [lead], blocks)


def _reliability(analysis: Analysis) -> Section:
    rows = analysis.reliability.set_index("scale")
    parts = [
        f"{scale} {number(row['alpha'])}"
        for scale, row in rows.iterrows()
        if scale != "overall" and not is_missing(row.get("alpha"))
    ]
    findings = [f"α of the items of each factor: {listed(parts)}."] if parts else []
    if "overall" in rows.index and not is_missing(rows.loc["overall"].get("omega_hierarchical")):
        share = number(rows.loc["overall"]["omega_hierarchical"])
        findings.append(f"Of the sum of all items, a general factor accounts for a share of {share} (ω hierarchical).")
    blocks: list[Block] = [tables.reliability(analysis)]
    if analysis.scores is not None:
        method = str(analysis.settings["scores"])
        blocks.append(tables.determinacy(analysis.efa, method))
        if analysis.efa.n_factors > 1:
            table = analysis.efa.score_correlations(method)
            note = "They are not the correlations of the factors themselves."
            blocks.append(tables.factor_correlations(table, "reliability-scores", "Correlations of the scores", note))
    return Section("reliability", "How reliable are scales and scores?", findings, blocks)


def _settings(analysis: Analysis) -> Section:
    document = plain({**analysis.settings, "convergence": analysis.efa.convergence})
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    line = again.command(analysis)
    blocks: list[Block] = []
    if line:
        blocks.append(Listing("On the command line; DATA is the file that was read", line))
    blocks.append(Listing("In Python", again.python(analysis)))
    blocks.append(Details("Everything that can move a number, as JSON", (Listing("settings", text),)))
    lead = (
        f"valuelex {__version__}, seed {analysis.settings['seed']}: the same data and settings make the same numbers."
    )
    return Section("settings", "Settings, and how to make this again", [lead], blocks)
