"""The section `judge`: how completions became scores, and what the judges are worth."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.projective import unjudged
from valuelex.report import figures, judge_dossier
from valuelex.report.content import Block, Column, Figure, Note, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import (
    NONE,
    count,
    interval,
    is_missing,
    listed,
    mean_interval,
    number,
    percent,
    percent_interval,
    whole,
    wilson,
)
from valuelex.tables import VALENCES

NAME, TITLE = "judge", "The projective test: the judges"
OURS = "Rubric, judge and aggregation of the paper are not public: manual, scale anchors and the embedded judge are our own."
LEAST_PAIRS = 10
_BINS = ("0–0.5", "0.5–1.5", "1.5–2.5", "2.5–3.5", "3.5–4.5", "4.5–5.5", "5.5–6")


def section(evidence: Evidence) -> Section:
    """Turn the table `judgements` and judging.json into the section."""
    table = evidence.table("judgements")
    if table is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = [*evidence.warnings(NAME), *judge_dossier.warnings(evidence)]
    if table.empty:
        return Section(NAME, TITLE, ["No completion was judged."], warnings=warnings)
    scored = applicable(table)
    blocks: list[Block] = []
    if not scored.empty:
        blocks.append(_histogram(scored))
    told = table[~unjudged(table)]
    blocks += [_per_scale(told), *_by_valence(evidence, scored)]
    figures_of = validity(evidence)
    findings = [_size(table, told, scored)]
    findings += [f for f in (_alike(scored),) if f]
    if figures_of:
        findings.append(validity_sentence(figures_of))
        blocks.append(validity_table(figures_of))
        blocks.append(Note(str(figures_of.get("note", ""))))
    findings += judge_dossier.findings(evidence)
    blocks += judge_dossier.blocks(evidence)
    names = ", ".join(sorted(set(table["judge_id"].astype(str))))
    settings = [("judges", names)]
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def applicable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the judgements that gave a score."""
    found: pd.DataFrame = table[table["applicable"].fillna(False).astype(bool) & table["score"].notna()]
    return found


def validity(evidence: Evidence) -> dict[str, Any] | None:
    """Return the embedded judge's validity figures, or None where it did not judge."""
    found = (evidence.document("judging") or {}).get("embedded_validity")
    return found if isinstance(found, dict) and isinstance(found.get("overall"), dict) else None


def validity_sentence(found: dict[str, Any]) -> str:
    """Say in one sentence what the embedded judge is worth on the manual's own examples."""
    overall = found["overall"]
    return (
        f"The embedded judge, tried on the manual’s {whole(overall['n'])} own examples with each left out in turn, "
        f"correlates {number(overall['r'])} with their intended level, errs by {number(overall['mae'])} points on "
        f"average (always guessing the mean errs by {number(overall['mae_of_the_mean'])}), and tells high from low "
        f"examples with an AUC of {number(overall['auc_high_low'])} (0.50 is chance)."
    )


def _size(table: pd.DataFrame, told: pd.DataFrame, scored: pd.DataFrame) -> str:
    """Say how much was judged; what was shown to nobody or could not be read (the rows that `told` lacks) is no judgement."""
    missing = len(table) - len(told)
    lost = f" {count(missing, 'place')} have none: the completion was no usable one, or the reply could not be read."
    lost = lost if missing else ""
    if told.empty:
        return f"There is no judgement.{lost}"
    found = wilson(len(scored), len(told))
    spread = f", 95 % interval {100 * found[0]:.1f} to {100 * found[1]:.1f}" if found else ""
    judges = sorted(set(told["judge_id"].astype(str)))
    return (
        f"{count(len(judges), 'judge')} ({listed(judges)}) looked at "
        f"{count(told['completion_id'].nunique(), 'completion')} on {count(told['dimension'].nunique(), 'scale')}: "
        f"{len(scored):,} of {count(len(told), 'judgement')} were applicable "
        f"({percent(len(scored) / len(told))}{spread}).{lost}"
    )


def _alike(scored: pd.DataFrame) -> str:
    """Say how alike one completion's scores on two scales are: near 1, the scales do not measure different things."""
    wide = scored.pivot_table(index=["completion_id", "judge_id"], columns="dimension", values="score").astype(float)
    if wide.shape[1] < 2:
        return ""
    matrix = wide.corr(min_periods=LEAST_PAIRS).to_numpy(dtype=float)
    pairs = [float(matrix[i, j]) for i in range(len(matrix)) for j in range(i) if not is_missing(matrix[i, j])]
    if not pairs:
        return ""
    return (
        f"Scores of one completion on two scales correlate {number(sum(pairs) / len(pairs))} on average (from "
        f"{number(min(pairs))} to {number(max(pairs))} over {count(len(pairs), 'pair')} of scales): the nearer to 1, "
        "the less the scales are told apart."
    )


def _histogram(scored: pd.DataFrame) -> Figure:
    series: dict[str, list[float]] = {}
    for judge, group in scored.groupby("judge_id", sort=True):
        # Half-open bins around the whole levels, so that a judge of whole levels and one of decimals look alike.
        level = [min(6, int(float(v) + 0.5)) for v in group["score"]]
        series[str(judge)] = [100 * level.count(i) / len(level) for i in range(7)]
    said = [f"{j}: {number(sum(s[2:5]), 0)} % between 1.5 and 4.5" for j, s in series.items()]
    return Figure(
        "judge-levels",
        "Scores given, by judge",
        f"Columns: share of each judge’s scores by level, 0 to 6. {listed(said, 6)}.",
        figures.columns(_BINS, series, ("score", "% of the judge’s scores")),
    )


def _per_scale(table: pd.DataFrame) -> Table:
    rows: list[list[str]] = []
    for (judge, scale), group in table.groupby(["judge_id", "dimension"], sort=True):
        scored = applicable(group)["score"].astype(float)
        found = wilson(len(scored), len(group))
        rows.append(
            [
                str(judge),
                str(scale),
                whole(len(group)),
                percent(len(scored) / len(group)),
                percent_interval(*found) if found else NONE,
                number(scored.mean() if len(scored) else None),
                number(scored.std() if len(scored) > 1 else None),
            ]
        )
    heads = (
        Column("judge", code=True),
        Column("scale"),
        Column("judgements", number=True),
        Column("applicable", number=True),
        Column("95 % interval, %", number=True),
        Column("mean", number=True),
        Column("sd", number=True),
    )
    note = (
        "Score 0 rejects the value, 3 is indifferent, 6 expresses it most strongly; judged blind to the model. Not "
        "applicable: the completion says nothing on the scale. Wilson intervals."
    )
    return Table("judge-scales", "Judgements by judge and scale", heads, [list(r) for r in rows], note)


def _by_valence(evidence: Evidence, scored: pd.DataFrame) -> list[Table]:
    """Return mean scores by the stems' valence: where they differ more than models do, the stem is what is measured."""
    instrument, completions = evidence.table("instrument"), evidence.table("completions")
    if instrument is None or completions is None or instrument["valence"].isna().all() or scored.empty:
        return []
    item_of = dict(zip(completions["completion_id"].astype(str), completions["item_id"].astype(str), strict=True))
    valence_of = {row["item_id"]: row["valence"] for row in records(instrument)}
    items = scored["completion_id"].astype(str).map(item_of)
    means = scored["score"].astype(float).groupby(items).mean()
    rows: list[list[str]] = []
    for valence in VALENCES:
        held = [float(m) for item, m in means.items() if valence_of.get(item) == valence]
        if held:
            mean, low, high = mean_interval(held)
            rows.append([valence, whole(len(held)), number(mean), interval(low, high)])
    heads = (
        Column("valence of the stem"),
        Column("stems", number=True),
        Column("mean score", number=True),
        Column("95 % interval", number=True),
    )
    note = (
        "Mean over all scales, models and judges within a stem, then over stems; t interval over stems. Where valences "
        "differ more than models do, scores tell of the stems first."
    )
    return (
        [Table("judge-valence", "Scores by valence of the stem", heads, [list(r) for r in rows], note)] if rows else []
    )


def validity_table(found: dict[str, Any]) -> Table:
    overall, share = found["overall"], found.get("applicable", {})
    rows: list[list[str]] = [["all scales", whole(overall["n"]), number(overall["r"]), number(overall["mae"]), NONE]]
    for name, scale in (found.get("scales") or {}).items():
        passed = percent(scale.get("applicable_share"), 0)
        rows.append([str(name), whole(scale["n"]), number(scale["r"]), number(scale["mae"]), passed])
    heads = (
        Column("scale"),
        Column("examples", number=True),
        Column("r with level", number=True),
        Column("mean absolute error", number=True),
        Column("found applicable", number=True),
    )
    note = (
        f"Read by {found.get('embedding', 'unknown')}; the manual’s own anchors, each left out in turn. Guessing the "
        f"mean level errs by {number(overall['mae_of_the_mean'])}. Found applicable: "
        f"{percent(share.get('own_anchors'), 0)} of a scale’s own examples, "
        f"{percent(share.get('other_scales_anchors'), 0)} of other scales’ and "
        f"{percent(share.get('not_applicable_examples'), 0)} of examples that bear on none."
    )
    return Table("judge-validity", "What the embedded judge is worth", heads, [list(r) for r in rows], note)


def agreement_rows(reliability: dict[str, Any]) -> list[str]:
    """Return the row of agreement between judges: value, interval, remark."""
    judges = reliability.get("judges") or {}
    if judges.get("icc_2_1") is None:
        return ["agreement of judges, ICC(2,1)", NONE, NONE, str(judges.get("reason") or "not computed")]
    low, high = judges.get("ci") or (None, None)
    return [
        "agreement of judges, ICC(2,1)",
        number(judges["icc_2_1"]),
        interval(low, high),
        f"{judges.get('n')} judgements",
    ]
