"""The tables of the section `taxonomy`: adequacy, retention, loadings, factor correlations, stability."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from valuelex.report.content import Cell, Column, Table
from valuelex.report.evidence import records
from valuelex.report.wording import NONE, interval, number, p_value, percent, whole

_SHOWN_SETTINGS = (
    "kind",
    "reference",
    "percentile",
    "n_iter",
    "total",
    "power",
    "n_obs",
    "correlation",
    "missing",
    "seed",
)


def adequacy_table(adequacy: dict[str, Any]) -> Table:
    """Return the evidence for and against factoring, one figure a row."""
    rows: list[list[str | Cell]] = [["factorable", Cell("yes" if adequacy["factorable"] else "no", strong=True), ""]]
    bartlett, fit = adequacy.get("bartlett"), adequacy.get("fit") or {}

    def add(name: str, value: Any, remark: str, digits: int = 0) -> None:
        if value is not None:
            rows.append([name, number(value, digits), remark])

    add("respondents (n)", adequacy.get("n_respondents"), "rows of the matrix")
    add("contexts (n)", adequacy.get("n_contexts"), "frames times words that could follow")
    nested = "whose log-probabilities were read" if adequacy.get("n_contexts") else "in which respondents are nested"
    add("models", adequacy.get("n_models"), nested)
    add("words in the analysis (p)", adequacy.get("n_words_used"), str(adequacy.get("prevalence_rule", "")))
    add("words placed by extension", adequacy.get("n_words_extended") or None, "loadings without being factored")
    how = f", {adequacy['kmo_method']}" if adequacy.get("kmo_method") else ""
    add("KMO", adequacy.get("kmo"), f"sampling adequacy{how}; below 0.50 is unacceptable", 2)
    if bartlett:
        rows.append(
            ["Bartlett’s χ²", number(bartlett["chi2"], 1), f"df {whole(bartlett['df'])}, p {_with_sign(bartlett['p'])}"]
        )
    add(
        "determinant",
        adequacy.get("determinant"),
        "of the correlation matrix; 0 means that words repeat one another",
        6,
    )
    add(
        "eigenvalues above permuted",
        adequacy.get("n_factors_above_permuted"),
        "of data permuted within and between models; the percentile stands with the criteria below",
    )
    add("factors", adequacy.get("n_factors"), str(adequacy.get("n_factors_rule", "")))
    background = adequacy.get("background") or []
    add("groups of words", adequacy.get("n_dimensions"), "directions in the space of the factors, by silhouette")
    add(
        "words of the background",
        len(background) or None,
        "which no dimension moves: left out where any dimension is named",
    )
    for name, title in (("rmsea", "RMSEA"), ("tli", "TLI"), ("cfi", "CFI"), ("srmr", "SRMR")):
        low, high = (fit.get("rmsea_ci") or [None, None]) if name == "rmsea" else (None, None)
        add(title, fit.get(name), f"90 % interval {interval(low, high)}" if low is not None else "", 3)
    for factor, share in (adequacy.get("between_models") or {}).items():
        rows.append(
            [f"{factor} between models", percent(share, 0), "share of the factor’s variance that lies between models"]
        )
    for name in adequacy.get("heywood") or []:
        rows.append(["Heywood case", str(name), "communality at or above 1"])
    note = (
        "KMO: Kaiser, Meyer and Olkin; MSA of every word is in adequacy.json. p values and fit indices take "
        "respondents as independent, which configurations of the same models are not."
    )
    heads = (Column("figure"), Column("value", number=True), Column("remark", wide=True))
    return Table("taxonomy-adequacy", "Can the words be factored?", heads, rows, note)


def _with_sign(p: Any) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def retention_table(retention: pd.DataFrame) -> Table:
    """Return the criteria side by side with their settings."""
    rows: list[list[str | Cell]] = [
        [r["criterion"], whole(r["n_factors"]), _settings(r["settings"])] for r in records(retention)
    ]
    heads = (Column("criterion"), Column("factors", number=True), Column("settings", wide=True))
    note = "Where n_factors is auto, the first row decides; the others are shown so that disagreement can be seen."
    return Table("taxonomy-retention", "How many factors each criterion suggests", heads, rows, note)


def _settings(text: str | None) -> str:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return text or NONE
    if not isinstance(found, dict):
        return text or NONE
    return (
        ", ".join(
            f"{key} {found[key]:g}" if isinstance(found[key], float) else f"{key} {found[key]}"
            for key in _SHOWN_SETTINGS
            if found.get(key) is not None
        )
        or NONE
    )


def loadings_table(loadings: pd.DataFrame, assignments: pd.DataFrame, salient: float) -> Table:
    """Return the pattern matrix, each word under the factor of its largest loading, salient ones in bold."""
    names = [str(c) for c in loadings.columns if c != "word"]
    place = {r["word"]: r for r in records(assignments)}

    def order(row: dict[str, Any]) -> tuple[int, float, str]:
        largest = max(range(len(names)), key=lambda i: abs(row[names[i]] or 0.0))
        return largest, -abs(row[names[largest]] or 0.0), str(row["word"])

    rows: list[list[str | Cell]] = []
    for row in sorted(records(loadings), key=order):
        found = place.get(row["word"], {})
        cells = [Cell(number(row[f]), abs(row[f] or 0.0) >= salient, row[f]) for f in names]
        rows.append([row["word"], *cells, number(found.get("communality")), found.get("subdimension") or NONE])
    heads = (
        Column("word", look="word"),
        *(Column(f, number=True) for f in names),
        Column("communality", number=True),
        Column("subdimension"),
    )
    note = (
        f"Pattern matrix, sorted; loadings of {salient:g} or more (absolute) in bold. A bar to the right is a positive "
        "loading, to the left a negative one; the track runs from −1 to 1. See the settings for extraction and rotation."
    )
    return Table("taxonomy-loadings", "Loadings", heads, rows, note, cutoff=salient)


def factor_correlations_table(correlations: pd.DataFrame) -> Table:
    names = [str(c) for c in correlations.columns if c != "factor"]
    rows: list[list[str | Cell]] = [[r["factor"], *(number(r[f]) for f in names)] for r in records(correlations)]
    heads = (Column("factor"), *(Column(f, number=True) for f in names))
    return Table(
        "taxonomy-phi", "Correlations of the factors", heads, rows, "After the oblique rotation named in the settings."
    )


def stability_table(stability: pd.DataFrame) -> Table:
    rows: list[list[str | Cell]] = [
        [
            r["name"],
            r["kind"],
            r["statistic"],
            number(r["mean"]),
            interval(r["ci_low"], r["ci_high"]),
            whole(r["n_resamples"]),
        ]
        for r in records(stability)
    ]
    heads = (
        Column("name"),
        Column("kind"),
        Column("statistic", wide=True),
        Column("mean", number=True),
        Column("interval", number=True),
        Column("resamples", number=True),
    )
    note = (
        "Agreement between the solution and those of resampled data; 1 is identity. Jaccard similarity below about 0.6 "
        "marks a cluster that dissolves (Hennig, 2007); Tucker congruence from 0.85 on is fair (Lorenzo-Seva & ten "
        "Berge, 2006)."
    )
    return Table("taxonomy-stability", "Stability under resampling", heads, rows, note)


def agreement_table(agreement: pd.DataFrame) -> Table:
    """How alike are the structure of the answers and that of meaning?"""
    rows: list[list[str | Cell]] = [
        [r["statistic"], number(r["value"]), p_value(r["p"]), whole(r["n_words"]), r["method"]]
        for r in records(agreement)
    ]
    heads = (
        Column("statistic"),
        Column("value", number=True),
        Column("p", number=True),
        Column("words", number=True),
        Column("method", wide=True),
    )
    note = (
        "Groups by the answers against clusters by meaning (adjusted Rand index, normalised mutual information), and "
        "associations against cosines (Mantel). Near 0 the two have nothing in common, 1 is identity."
    )
    return Table("taxonomy-agreement", "How much of the structure is just meaning", heads, rows, note)


def controls_table(controls: pd.DataFrame) -> Table:
    """Does the same chain find as much where no structure of values can be?"""
    rows: list[list[str | Cell]] = [
        [r["control"], whole(r["n_words"]), whole(r["n_respondents"]), whole(r["n_factors"]), number(r["ratio"]),
         p_value(r["p"]), r["remark"] or ""]
        for r in records(controls)
    ]  # fmt: skip
    heads = (
        Column("control"),
        Column("words", number=True),
        Column("respondents", number=True),
        Column("factors", number=True),
        Column("ratio", number=True),
        Column("p", number=True),
        Column("remark", wide=True),
    )
    note = (
        "Ratio: the largest eigenvalue over the 95th percentile of permuted data. A control that shows as many factors and as "
        "large a ratio as the answers speaks against interpreting the taxonomy."
    )
    return Table("taxonomy-controls", "Null controls", heads, rows, note)


def intrinsic_table(found: pd.DataFrame) -> Table:
    """Return what was read from each model, and how alike its structure is to meaning, other models, and answers."""
    rows: list[list[str | Cell]] = []
    for r in records(found):
        alike = [f"{number(r[f'r_{k}'])} ({p_value(r[f'p_{k}'])})" if r[f"r_{k}"] is not None else NONE
                 for k in ("meaning", "others", "answers")]  # fmt: skip
        rows.append([r["model_id"], whole(r["n_words"]), whole(r["n_contexts"]), number(r["agreement"]), *alike])
    heads = (
        Column("model", look="model"),
        Column("words", number=True),
        Column("contexts", number=True),
        Column("agreement of frames", number=True),
        Column("with meaning: r (p)", number=True),
        Column("with other models", number=True),
        Column("with answers", number=True),
    )
    note = (
        "Similarity of two words: correlation, over contexts, of what the model expects after them. Agreement: mean "
        "correlation of the similarities that single frames give. r: Mantel correlation with cosines of embeddings, with the "
        "mean similarity of the other models, and with the associations of the models' answers; one-sided permutation p."
    )
    return Table("taxonomy-intrinsic", "What was read inside each model", heads, rows, note)
