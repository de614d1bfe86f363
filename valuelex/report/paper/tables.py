"""The tables of a paper, in APA style: models, adequacy and fit, loadings, scores, contrasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from valuelex.psychometrics.handover.apa import bounded, plain
from valuelex.psychometrics.handover.apa_formats import ApaTable, Entry
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import is_missing, percent, size

DASH = Entry("—")
Block = tuple[str, tuple[tuple[Entry, ...], ...]]


def tables(evidence: Evidence) -> dict[str, ApaTable]:
    """Return the tables by name, numbered in their order; what the results do not hold has none.

    Parameters
    ----------
    evidence : Evidence
    """
    made: dict[str, ApaTable] = {}
    for name, part in _PARTS.items():
        found = part(evidence)
        if found is not None:
            title, heads, blocks, note = found
            made[name] = ApaTable(len(made) + 1, title, heads, tuple(blocks), note)
    return made


_Found = tuple[str, tuple[str, ...], list[Block], str] | None


def _number(value: Any, digits: int = 2) -> Entry:
    return DASH if is_missing(value) else Entry(plain(float(value), digits))


def _share(value: Any, digits: int = 2, strong: bool = False) -> Entry:
    """A number that cannot exceed 1 in size."""
    return DASH if is_missing(value) else Entry(bounded(float(value), digits), strong)


def _interval(low: Any, high: Any) -> Entry:
    return DASH if is_missing(low) or is_missing(high) else Entry(f"[{plain(low, 2)}, {plain(high, 2)}]")


def _p(value: Any) -> Entry:
    if is_missing(value):
        return DASH
    return Entry("< .001" if value < 0.001 else bounded(float(value), 3))


def _text(value: Any) -> Entry:
    return DASH if value is None or value != value else Entry(str(value))


def models(evidence: Evidence) -> _Found:
    """Who took part."""
    if not evidence.model_ids:
        return None
    facts = evidence.facts
    rows = [
        (
            Entry(name), _text(row["family"]), _text(row["developer"]),
            DASH if is_missing(row["parameters"]) else Entry(size(row["parameters"])),
            _text(row["training"]), _text(row["release_date"]),
        )
        for name, row in zip(evidence.model_ids, facts.to_dict("records"), strict=True)
    ]  # fmt: skip
    heads = ("Model", "Family", "Developer", "Parameters", "Training", "Released")
    return "Language Models of the Study", heads, [("", tuple(rows))], "A dash is unknown."


def adequacy(evidence: Evidence) -> _Found:
    """Whether the words can be factored, how many factors there are, and how they fit."""
    found, retention = evidence.document("adequacy"), evidence.table("retention")
    if found is None or evidence.given("taxonomy"):
        return None
    fit = found.get("fit") or {}
    rows: list[tuple[Entry, ...]] = [(Entry("Respondents"), _number(found.get("n_respondents"), 0))]
    rows.append((Entry("Words"), _number(found.get("n_words_used"), 0)))
    rows.append((Entry("KMO"), _share(found.get("kmo"))))
    test = found.get("bartlett")
    if test:
        rows.append((Entry(f"Bartlett’s χ²({test['df']:,.0f})"), _number(test["chi2"], 1)))
        rows.append((Entry("p"), _p(test["p"])))
    blocks: list[Block] = [("Adequacy", tuple(rows))]
    if retention is not None and len(retention):
        kept = [(Entry(str(r["criterion"])), _number(r["n_factors"], 0)) for r in records(retention)]
        blocks.append(("Number of factors suggested by", tuple(kept)))
    if fit:
        ends = fit.get("rmsea_ci") or [None, None]
        shown: list[tuple[Entry, ...]] = [(Entry("RMSEA"), _share(fit.get("rmsea"), 3))]
        shown.append((Entry("90% CI of RMSEA"), _interval(*ends)))
        shown += [(Entry(k.upper()), _share(fit.get(k), 3)) for k in ("cfi", "tli", "srmr")]
        blocks.append(("Fit", tuple(shown)))
    note = (
        f"The words {'can' if found['factorable'] else 'cannot'} be factored by the criteria of the study. "
        "Respondents are configurations of models; p values and fit indices take them as independent."
    )
    return "Adequacy and Fit of the Factor Analysis of Words", ("Figure", "Value"), blocks, note


def loadings(evidence: Evidence) -> _Found:
    """The pattern matrix with communalities and factor correlations."""
    table, assignments = evidence.table("loadings"), evidence.table("assignments")
    if table is None or table.empty:
        return None
    factors = [str(c) for c in table.columns if c != "word"]
    salient = evidence.file.taxonomy.salient
    shared = {} if assignments is None else {r["word"]: r["communality"] for r in records(assignments)}

    def order(row: dict[str, Any]) -> tuple[int, float, str]:
        sizes = [abs(row[f] or 0.0) for f in factors]
        return sizes.index(max(sizes)), -max(sizes), str(row["word"])

    rows = [
        (
            Entry(str(r["word"])),
            *(_share(r[f], strong=abs(r[f] or 0.0) >= salient) for f in factors),
            _share(shared.get(r["word"])),
        )
        for r in sorted(records(table), key=order)
    ]
    blocks: list[Block] = [("", tuple(rows))]
    phi = evidence.table("factor_correlations")
    if phi is not None and len(phi) > 1:
        below = [
            (
                Entry(str(r["factor"])),
                *(_share(r[f]) if k < i else DASH if k == i else Entry("") for k, f in enumerate(factors)),
                Entry(""),
            )
            for i, r in enumerate(records(phi))
        ]
        blocks.append(("Factor correlations", tuple(below)))
    settings = evidence.file.taxonomy
    note = (
        f"N = {(evidence.document('adequacy') or {}).get('n_respondents', '—')} respondents. Extraction: "
        f"{settings.method}; rotation: {settings.rotation}; association: {settings.association}. Loadings of "
        f"{bounded(salient, 2)} or more in size are bold. h² = communality."
    )
    return "Factor Loadings of Value Words", ("Word", *factors, "h²"), blocks, note


def scores(evidence: Evidence) -> _Found:
    """Mean and adjusted scores with their intervals, by dimension."""
    table = evidence.table("scores")
    if table is None or table["mean"].notna().sum() == 0:
        return None
    known = table[table["mean"].notna()]
    places = {name: k for k, name in enumerate(evidence.model_ids)}
    blocks: list[Block] = []
    for level in ("dimension", "subdimension"):
        mine = known[known["level"] == level]
        for dimension in sorted(mine["dimension"].unique()):
            rows = sorted(
                records(mine[mine["dimension"] == dimension]), key=lambda r: places.get(r["model_id"], len(places))
            )
            cells = tuple(
                (
                    Entry(str(r["model_id"])), _number(r["mean"]), _interval(r["ci_low"], r["ci_high"]), _number(r["adjusted"]),
                    _interval(r["adjusted_low"], r["adjusted_high"]), _number(r["n_items"], 0),
                )
                for r in rows
            )  # fmt: skip
            name = str(dimension) if level == "dimension" else f"{dimension} (subdimension)"
            blocks.append((name, cells))
    confidence = percent(evidence.file.comparison.confidence, 0).replace("\u00a0%", "%")
    note = (
        "Scores run from 0 (rejects the value) over 3 (indifferent) to 6 (expresses it most strongly). M: mean over "
        "stems; adjusted: mixed model with stems, valences and judges taken out. Stems are the sampled units of the "
        "intervals. k: stems with a score."
    )
    heads = ("Model", "M", f"{confidence} CI", "Adjusted M", f"{confidence} CI", "k")
    return "Scores of the Models", heads, blocks, note


def contrasts(evidence: Evidence) -> _Found:
    """What goes with differences between models."""
    table = evidence.table("comparisons")
    if table is None or table["estimate"].notna().sum() == 0:
        return None
    blocks: list[Block] = []
    named = table[table["estimate"].notna()]
    for (scope, measure), mine in named.groupby(["scope", "measure"], sort=False):
        rows = tuple(
            (
                Entry(f"{r['contrast']}: {r['dimension']}"), _number(r["estimate"]), _interval(r["ci_low"], r["ci_high"]),
                _number(r["df"], 1), _p(r["p"]), _p(r["p_adjusted"]),
            )
            for r in records(mine)
        )  # fmt: skip
        blocks.append((f"{str(scope).capitalize()}, {measure}", rows))
    confidence = percent(evidence.file.comparison.confidence, 0).replace("\u00a0%", "%")
    note = (
        "Differences in score points, or points per tenfold size or year. Models like these: models and families "
        "are sampled; these models: models are fixed and stems sampled. Level: scores as they are; profile: less "
        "each model’s mean over dimensions. p adj.: Holm, over all contrasts of a block."
    )
    return "Differences Between Models", ("Contrast", "b", f"{confidence} CI", "df", "p", "p adj."), blocks, note


_PARTS: dict[str, Callable[[Evidence], _Found]] = {
    "models": models,
    "adequacy": adequacy,
    "loadings": loadings,
    "scores": scores,
    "contrasts": contrasts,
}
