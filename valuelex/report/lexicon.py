"""The section `lexicon`: which words were named, by whom, and what was set aside."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from valuelex.report import figures
from valuelex.report.audit import audit_blocks
from valuelex.report.content import Block, Column, Details, Figure, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.modes import mode_blocks
from valuelex.report.saturation import saturation_blocks
from valuelex.report.sources import source_blocks
from valuelex.report.survey import MODES, modes_of
from valuelex.report.wording import (
    NONE,
    count,
    interval,
    listed,
    mean_interval,
    number,
    percent,
    plain_settings,
    shorten,
    whole,
    wilson,
)

NAME, TITLE = "lexicon", "Which values were named"
OURS = (
    "How answers are split into words, brought to noun form and filtered is not in the paper: parser, lists and "
    "thresholds are our own."
)
TOP_PICTURE, TOP_TABLE, LONG_TABLE, MOST_WORDS = 20, 20, 1000, 10


def section(evidence: Evidence) -> Section:
    """Turn the tables `words` and `lexicon` into the section."""
    words, lexicon = evidence.table("words"), evidence.table("lexicon")
    if words is None or lexicon is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = evidence.warnings(NAME)
    settings = plain_settings(evidence.file.lexicon)
    # Modes give answers of different lengths by design: words per answer are those of one.
    mode, responses = main_mode(evidence.table("responses"))
    per_answer = words_per_answer(words, responses, evidence.model_ids)
    kept = words[words["kept"].fillna(False).astype(bool)]
    findings = [_size(words, kept, lexicon)]
    blocks: list[Block] = []
    if per_answer:
        findings.append(_per_answer_finding(per_answer, mode))
        blocks.append(_per_answer_figure(per_answer, mode))
    if not lexicon.empty:
        named = _named_by(kept, evidence.model_ids)
        findings += _leaders(lexicon, words, named)
        blocks.append(_top_figure(lexicon, named, words))
    if per_answer:
        blocks.append(_per_answer_table(per_answer, mode))
    if not lexicon.empty:
        blocks.append(_words_table("lexicon-words", lexicon, named, TOP_TABLE))
    if len(lexicon) > TOP_TABLE:
        more = _words_table("lexicon-all", lexicon, named, LONG_TABLE)
        blocks.append(Details(more.caption, (more,)))
    for survey in (audit_blocks, saturation_blocks, source_blocks, mode_blocks):
        said, made = survey(evidence)
        findings += said
        blocks += made
    aside = _aside(words)
    blocks += (
        [Details(f"What was set aside, and why ({len(words) - len(kept):,} candidates)", (aside,))]
        if aside.rows
        else []
    )
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def main_mode(responses: pd.DataFrame | None) -> tuple[str, pd.DataFrame | None]:
    """Return the answers of the first mode of asking and its name for a sentence; all of them where there is one mode."""
    modes = modes_of(responses)
    if responses is None or len(modes) < 2:
        return "", responses
    return f"{MODES[modes[0]]} ", responses[responses["elicitation"] == modes[0]]


def words_per_answer(
    words: pd.DataFrame, responses: pd.DataFrame | None, models: list[str]
) -> dict[str, dict[str, list[int]]]:
    """Model -> respondent -> kept words of each answer; without the table `responses`, answers with no word are unknown."""
    kept = Counter(words.loc[words["kept"].fillna(False).astype(bool), "response_id"].astype(str))
    source = responses if responses is not None else words.drop_duplicates("response_id")
    out: dict[str, dict[str, list[int]]] = {}
    columns = (source[name].astype(str) for name in ("model_id", "respondent_id", "response_id"))
    for model, respondent, response in zip(*columns, strict=True):
        out.setdefault(model, {}).setdefault(respondent, []).append(kept[response])
    return {model: out[model] for model in models if model in out}


def _mean_row(people: dict[str, list[int]]) -> tuple[float | None, float | None, float | None]:
    return mean_interval([sum(v) / len(v) for v in people.values()])


def _size(words: pd.DataFrame, kept: pd.DataFrame, lexicon: pd.DataFrame) -> str:
    if words.empty:
        return "The answers hold no words at all, so there is no lexicon."
    found = wilson(len(kept), len(words))
    spread = f", 95 % interval {100 * found[0]:.1f} to {100 * found[1]:.1f}" if found else ""
    share = f"{len(kept):,} of {count(len(words), 'candidate')} were kept as values ({percent(len(kept) / len(words))}{spread})"
    if lexicon.empty:
        return f"The lexicon is empty: {share}."
    return f"The lexicon holds {count(len(lexicon), 'value word')}: {share}."


def _per_answer_finding(per_answer: dict[str, dict[str, list[int]]], mode: str) -> str:
    parts = []
    for model, people in per_answer.items():
        mean, low, high = _mean_row(people)
        spread = f" (95 % interval {number(low)} to {number(high)})" if low is not None else ""
        parts.append(f"{model} {number(mean)}{spread}")
    return f"Value words per {mode}answer: {listed(parts, 8)}."


def _leaders(lexicon: pd.DataFrame, words: pd.DataFrame, named: dict[str, dict[str, int]]) -> list[str]:
    people = words["respondent_id"].nunique()
    top = [f"{row['word']} ({row['n_respondents']})" for row in records(lexicon.head(5))]
    found = [f"Most named, by number of the {count(people, 'respondent')}: {listed(top)}."]
    models = len(named)
    if models > 1:
        shared = int((lexicon["n_models"] == models).sum())
        low, high = wilson(shared, len(lexicon)) or (0.0, 0.0)
        found.append(
            f"{shared:,} of the {count(len(lexicon), 'word')} were named by "
            f"{'both' if models == 2 else f'all {models}'} models ({percent(shared / len(lexicon))}, 95 % interval "
            f"{100 * low:.1f} to {100 * high:.1f})."
        )
    return found


def _named_by(kept: pd.DataFrame, models: list[str]) -> dict[str, dict[str, int]]:
    """Model -> word -> respondents of that model that named it."""
    pairs = kept.drop_duplicates(["model_id", "respondent_id", "word"])
    out: dict[str, dict[str, int]] = {}
    for model, word in zip(pairs["model_id"].astype(str), pairs["word"].astype(str), strict=True):
        held = out.setdefault(model, {})
        held[word] = held.get(word, 0) + 1
    return {model: out[model] for model in models if model in out}


def _per_answer_figure(per_answer: dict[str, dict[str, list[int]]], mode: str) -> Figure:
    names = [*(str(i) for i in range(MOST_WORDS)), f"{MOST_WORDS}+"]
    series: dict[str, list[float]] = {}
    for model, people in per_answer.items():
        values = [min(v, MOST_WORDS) for answers in people.values() for v in answers]
        series[model] = [100 * values.count(i) / len(values) for i in range(MOST_WORDS + 1)]
    said = [f"{model}: {number(shares[0], 0)} % of its answers hold none" for model, shares in series.items()]
    return Figure(
        "lexicon-per-answer",
        f"Value words per {mode}answer, by model",
        f"Columns: share of each model's answers by number of value words, from none to ten or more. {listed(said, 8)}.",
        figures.columns(names, series, ("value words in an answer", "% of the model's answers")),
    )


def _top_figure(lexicon: pd.DataFrame, named: dict[str, dict[str, int]], words: pd.DataFrame) -> Figure:
    rows = [str(w) for w in lexicon["word"].head(TOP_PICTURE)]
    people = words.groupby("model_id")["respondent_id"].nunique()
    series = []
    for k, (model, held) in enumerate(named.items()):
        n = int(people[model])
        spans = [wilson(held.get(word, 0), n) or (None, None) for word in rows]
        values = [
            (100 * held.get(word, 0) / n, None if low is None else 100 * low, None if high is None else 100 * high)
            for word, (low, high) in zip(rows, spans, strict=True)
        ]
        series.append(figures.Series(model, values, k))
    said = "; ".join(f"{m} most often {listed(sorted(h, key=lambda w: (-h[w], w))[:3])}" for m, h in named.items())
    return Figure(
        "lexicon-top",
        f"The {len(rows)} most named words: share of each model's respondents that named them",
        f"Points with 95 % intervals, one row for each word, one symbol for each model. {said}.",
        figures.dots(rows, series, "% of the model's respondents", span=(-2, 102)),
        "Wilson intervals that take the configurations of a model as independent.",
    )


def _per_answer_table(per_answer: dict[str, dict[str, list[int]]], mode: str) -> Table:
    rows = []
    for model, people in per_answer.items():
        values = [v for answers in people.values() for v in answers]
        mean, low, high = _mean_row(people)
        none = sum(v == 0 for v in values) / len(values)
        rows.append([model, whole(len(values)), whole(sum(values)), number(mean), interval(low, high), percent(none)])
    heads = (
        Column("model", code=True, look="model"),
        Column("answers", number=True),
        Column("value words", number=True),
        Column("per answer", number=True),
        Column("95 % interval", number=True),
        Column("answers with none", number=True),
    )
    note = (
        "Mean over respondents of their mean number of kept words per answer, every answer counted, unusable ones as "
        "zero; t interval with respondents as units."
    )
    return Table("lexicon-rates", f"Value words per {mode}answer", heads, [list(row) for row in rows], note)


def _words_table(name: str, lexicon: pd.DataFrame, named: dict[str, dict[str, int]], limit: int) -> Table:
    rows = []
    for row in records(lexicon.head(limit)):
        by_model = [whole(named[m].get(row["word"], 0)) for m in named]
        variants = shorten((row["variants"] or "").replace("|", ", "), 90) or NONE
        rows.append(
            [
                row["word"],
                whole(row["n_respondents"]),
                *by_model,
                whole(row["n_responses"]),
                variants,
            ]
        )
    heads = (
        Column("word", look="word"),
        Column("respondents", number=True),
        *(Column(m, number=True, code=True) for m in named),
        Column("answers", number=True),
        Column("forms counted as it", wide=True),
    )
    shown = (
        f"All {len(lexicon):,} words"
        if len(lexicon) <= limit
        else f"The {limit:,} most named of {len(lexicon):,} words"
    )
    sources = Counter(str(s) for s in lexicon["source"].dropna())
    kept_by = listed(f"{source} ({n:,})" for source, n in sorted(sources.items(), key=lambda i: (-i[1], i[0])))
    note = (
        "Counts of respondents that named the word at least once, in all and by model. The whole list is lexicon.csv. "
        f"What decided that a word is a value: {kept_by}."
    )
    return Table(name, shown, heads, [list(row) for row in rows], note)


def _aside(words: pd.DataFrame) -> Table:
    lost = words[~words["kept"].fillna(False).astype(bool)]
    groups: dict[str, Counter[str]] = {}
    for raw, reason in zip(
        lost["raw"].astype("string").fillna(""), lost["reason"].astype("string").fillna("no reason"), strict=True
    ):
        groups.setdefault(str(reason).split(":")[0], Counter())[str(raw)] += 1
    ordered = sorted(groups.items(), key=lambda item: (-item[1].total(), item[0]))
    rows = [
        [
            reason,
            whole(held.total()),
            ", ".join(shorten(r, 40) for r, _ in sorted(held.items(), key=lambda i: (-i[1], i[0]))[:6]),
        ]
        for reason, held in ordered
    ]
    heads = (Column("reason", wide=True), Column("candidates", number=True), Column("most frequent of them", wide=True))
    note = "Every decision stands with its full reason in words.csv; 'valuelex trace STUDY WORD' shows where a word came from."
    return Table("lexicon-aside", "Candidates that do not count as values", heads, [list(row) for row in rows], note)
