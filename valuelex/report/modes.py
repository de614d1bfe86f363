"""How the ways of asking compare: agreement of modes, effect of shown examples, and the scores of log-probability mode."""

from __future__ import annotations

from typing import Any

from valuelex.report.content import Block, Column, Details, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.saturation import ALL
from valuelex.report.survey import MODES
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
)

BEST_WORDS = 10


def mode_blocks(evidence: Evidence) -> tuple[list[str], list[Block]]:
    """Return sentences and tables of what is there of the three tables."""
    findings: list[str] = []
    blocks: list[Block] = []
    for part in (_agreement, _examples, _scores):
        said, made = part(evidence)
        findings += said
        blocks += made
    return findings, blocks


# ---- agreement of modes ----


def _agreement(evidence: Evidence) -> tuple[list[str], list[Block]]:
    table = evidence.table("mode_agreement")
    if table is None or table.empty:
        return [], []
    order = {model: k for k, model in enumerate([*evidence.model_ids, ALL])}
    rows = sorted(records(table), key=lambda row: order.get(str(row["model_id"]), len(order)))
    told = [row for row in rows if row["model_id"] == ALL] or rows
    parts = [
        f"{_pair(row)} {number(row['spearman'])}{_plain(row)}" for row in told[:3] if not is_missing(row["spearman"])
    ]
    whom = "over all models" if told[0]["model_id"] == ALL else f"in {told[0]['model_id']}"
    said = (
        f"Validity: the rank correlation between modes of asking of how often words are named is, {whom}, {listed(parts)}. "
        "1 would say that the way of asking does not matter to the order of values, 0 that it decides it."
    )
    methods = [str(row["method"] or NONE).split("; ") for row in rows]
    common = [part for part in methods[0] if all(part in other for other in methods)]
    own = ["; ".join(part for part in parts if part not in common) for parts in methods]
    heads = (
        Column("model", code=True, look="model"),
        Column("modes"),
        Column("words", number=True),
        Column("Spearman", number=True),
        Column("95 % interval", number=True),
        Column("of the 20 commonest", number=True),
        *([Column("method")] if any(own) else []),
    )
    cells = [
        [
            "all models" if row["model_id"] == ALL else str(row["model_id"]),
            _pair(row),
            whole(row["n_words"]),
            number(row["spearman"]),
            interval(row["ci_low"], row["ci_high"]),
            percent(row["overlap"], 0),
            *([mine] if any(own) else []),
        ]
        for row, mine in zip(rows, own, strict=True)
    ]
    note = (
        "Spearman's rank correlation of the share of answers that name each word; of the 20 commonest words of one mode, the "
        f"share that is among those of the other. Method: {'; '.join(common) or 'by row'}."
    )
    made = Table("lexicon-modes", "Agreement of the modes of asking", heads, [list(row) for row in cells], note)
    return ([said] if parts else []), [made]


def _pair(row: dict[str, Any]) -> str:
    return f"{MODES.get(row['mode_a'], row['mode_a'])} and {MODES.get(row['mode_b'], row['mode_b'])}"


def _plain(row: dict[str, Any]) -> str:
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return " (no interval)"
    return f" (95 % interval {number(row['ci_low'])} to {number(row['ci_high'])})"


# ---- effect of examples ----


def _examples(evidence: Evidence) -> tuple[list[str], list[Block]]:
    table = evidence.table("example_effect")
    if table is None or table.empty:
        return [], []
    rows = records(table)
    names = ["all models" if row["model_id"] == ALL else str(row["model_id"]) for row in rows]
    parts = [f"{_points(row)} in {name}" for name, row in zip(names, rows, strict=True) if _points(row)]
    never = [name for name, row in zip(names, rows, strict=True) if row["rate_shown"] == row["rate_hidden"] == 0]
    said = [f"Showing a word as an example changes how often it is named by {listed(parts, 8)}."] if parts else []
    said += [f"No word that is shown as an example was ever named by {listed(never, 8)}."] if never else []
    heads = (
        Column("model", code=True, look="model"),
        Column("pairs", number=True),
        Column("shown, %", number=True),
        Column("not shown, %", number=True),
        Column("difference", number=True),
        Column("95 % interval", number=True),
        Column("share of variance, %", number=True),
    )
    cells = [
        [
            name,
            whole(row["n_shown"]),
            _hundredfold(row["rate_shown"]),
            _hundredfold(row["rate_hidden"]),
            _hundredfold(row["difference"]),
            percent_interval(row["ci_low"], row["ci_high"]),
            _hundredfold(row["share"]),
        ]
        for name, row in zip(names, rows, strict=True)
    ]
    note = (
        "How often a word is named where the frame shows it as an example, and where it shows another set; the difference in "
        "percentage points is 0 for a neutral frame. Share of variance: of the example set in which words this model's answers "
        f"name. Method: {listed(dict.fromkeys(texts(table['method'])))}."
    )
    made = Table("lexicon-examples", "What showing examples does", heads, [list(row) for row in cells], note)
    return said, [made]


def _points(row: dict[str, Any]) -> str:
    """Return the difference in percentage points with its interval, or nothing where no such word was ever named."""
    if is_missing(row["difference"]) or row["rate_shown"] == row["rate_hidden"] == 0:
        return ""
    spread = (
        "no interval"
        if is_missing(row["ci_low"]) or is_missing(row["ci_high"])
        else f"95 % interval {_hundredfold(row['ci_low'])} to {_hundredfold(row['ci_high'])}"
    )
    return f"{_hundredfold(row['difference'])} percentage points ({spread})"


def _hundredfold(share: Any) -> str:
    return NONE if is_missing(share) else number(100 * float(share), 1)


# ---- log-probability mode ----


def _scores(evidence: Evidence) -> tuple[list[str], list[Block]]:
    scores, responses = evidence.table("word_scores"), evidence.table("responses")
    if scores is None or scores.empty or responses is None:
        return [], []
    model_of = dict(zip(responses["response_id"].astype(str), responses["model_id"].astype(str), strict=True))
    held = scores.assign(model_id=scores["response_id"].astype(str).map(model_of))
    rows: list[list[str]] = []
    for model in evidence.model_ids:
        mine = held[held["model_id"] == model]
        means = mine.groupby("word")["score"].mean().sort_values(ascending=False, kind="stable").head(BEST_WORDS)
        for rank, word in enumerate(means.index.astype(str), start=1):
            values = [float(v) for v in mine.loc[mine["word"] == word, "score"].dropna()]
            mean, low, high = mean_interval(values)
            rows.append([model, str(rank), word, number(mean), interval(low, high), whole(len(values))])
    heads = (
        Column("model", code=True, look="model"),
        Column("rank", number=True),
        Column("word", look="word"),
        Column("mean score", number=True),
        Column("95 % interval", number=True),
        Column("frames", number=True),
    )
    bare = int(scores["baseline"].isna().sum())
    note = (
        "A word's score in a frame is its log-probability after the frame, less that after the neutral frame, per token. "
        "Taking the neutral frame out removes what makes a word likely anywhere (Holtzman et al. 2021, arXiv 2104.08315): "
        "0 says that the question makes the word no likelier. Means over frames; t intervals take frames as independent "
        "draws. Scores of different models are not on one scale."
    )
    if bare:
        note += f" {count(bare, 'score')} of {len(scores):,} had no neutral frame to take out."
    table = Table(
        "lexicon-scores",
        f"The {BEST_WORDS} best-scored words of each model (log-probability mode)",
        heads,
        [list(r) for r in rows],
        note,
    )
    return [], [table] if len(rows) <= 3 * BEST_WORDS else [Details(table.caption, (table,))]
