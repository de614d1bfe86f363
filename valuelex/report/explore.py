"""The section `explore`: choose a word or a model and see all that hangs on it, down to the single answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from valuelex.report.content import Explorer, Section
from valuelex.report.evidence import Evidence, records
from valuelex.report.explore_rows import Rows, answers, completions, thinned
from valuelex.report.wording import count, listed, size, whole

NAME, TITLE = "explore", "Look closer: words, models, answers"
MOST_TEXT = 6_000_000
"""Letters of answers and completions that one page holds; of more, evenly spread ones."""
FACTS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("family", "family", str),
    ("developer", "developer", str),
    ("parameters", "parameters", size),
    ("training", "training", str),
    ("mode", "frame", str),
    ("release_date", "released", str),
    ("region", "region", str),
    ("licence", "licence", str),
)
"""Column of the registry, its name on the page, and how its value is said."""


def section(evidence: Evidence, *, rows: bool = True) -> Section | None:
    """Turn the tables into the section; None where there is nothing to look at.

    Parameters
    ----------
    evidence : Evidence
    rows : bool
        Whether answers and completions stand in the page. If not, the page asks the server that shows it.
    """
    said, done = answers(evidence), completions(evidence)
    words = _words(evidence)
    if not len(said) and not len(done) and not words:
        return None
    data: dict[str, Any] = {
        "models": _models(evidence),
        "words": words,
        "factors": _factors(evidence),
        "remote": not rows,
        "states": sorted({*said.values("status"), *done.values("status")}),
    }
    note = ""
    if rows:
        room = MOST_TEXT / max(1, said.letters + done.letters)
        few, fewer = (thinned(one, room) for one in (said, done))
        data |= {"answers": few.columns(), "completions": fewer.columns()}
        parts = [
            f"{whole(len(part))} of {whole(len(all_))} {what}"
            for part, all_, what in ((few, said, "answers"), (fewer, done, "completions"))
            if len(part) < len(all_)
        ]
        if parts:
            note = (
                f"To keep this file small it holds {listed(parts)}, evenly spread in the tables’ order; nobody chose them. "
                "The command 'valuelex serve STUDY' shows all."
            )
    return Section(NAME, TITLE, [_lead(words, data["models"], len(said), len(done))], [Explorer(data, note)])


def _lead(words: Mapping[str, Any], models: list[Any], said: int, done: int) -> str:
    there = [
        count(n, name)
        for n, name in ((len(words), "word"), (len(models), "model"), (said, "answer"), (done, "completion"))
        if n
    ]
    return (
        f"{listed(there)[:1].upper()}{listed(there)[1:]} to look through. Choose a word to see where it stands and which "
        "answers it came from; choose a model to see its profile, its answers and its completions with their judgements."
    )


def _factors(evidence: Evidence) -> list[str]:
    loadings = evidence.table("loadings")
    return [] if loadings is None else [str(c) for c in loadings.columns if c != "word"]


def _words(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Every word with its place, its loadings, its categories in other systems, and who named it; empty cells left out."""
    found: dict[str, dict[str, Any]] = {}

    def take(table: str, fields: Iterable[str]) -> None:
        frame = evidence.table(table)
        for row in records(frame) if frame is not None else []:
            place = found.setdefault(str(row["word"]), {})
            place |= {name: _short(row[name]) for name in fields if row.get(name) is not None}

    take("lexicon", ("n_responses", "n_respondents", "n_models", "variants", "gloss"))
    take("assignments", ("dimension", "subdimension", "cluster", "factor", "communality", "placed_by", "n_respondents"))
    factors = _factors(evidence)
    for row in _rows(evidence, "loadings"):
        found.setdefault(str(row["word"]), {})["loadings"] = [_short(row[f]) for f in factors]
    for row in _rows(evidence, "crosswalk"):
        if str(row["word"]) in found:
            entry = [row["system"], row["category"], _short(row["confidence"])]
            found[str(row["word"])].setdefault("crosswalk", []).append(entry)
    words = evidence.table("words")
    if words is not None and len(words):
        kept = words[words["kept"].fillna(False).astype(bool)]
        named = kept.groupby(["word", "model_id"])["respondent_id"].nunique()
        for row in records(named.reset_index()):
            if str(row["word"]) in found:
                found[str(row["word"])].setdefault("by", []).append([str(row["model_id"]), row["respondent_id"]])
    return found


def _rows(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    table = evidence.table(name)
    return [] if table is None else records(table)


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _models(evidence: Evidence) -> list[dict[str, Any]]:
    """Each model's facts and its scores with their intervals."""
    profile: dict[str, list[list[Any]]] = {}
    scores = evidence.table("scores")
    if scores is not None:
        home = {str(r["subdimension"]): str(r["dimension"]) for r in _rows(evidence, "instrument")}
        known = records(scores[scores["mean"].notna()])

        def place(r: dict[str, Any]) -> tuple[str, bool, str]:
            name, whole = str(r["dimension"]), r["level"] == "dimension"
            return (name if whole else home.get(name, name), not whole, name)

        for r in sorted(known, key=place):
            row = [r["level"], r["dimension"], r["mean"], r["ci_low"], r["ci_high"]]
            profile.setdefault(str(r["model_id"]), []).append([_short(v) for v in row])
    made = []
    for model, facts in zip(evidence.model_ids, evidence.facts.to_dict("records"), strict=True):
        told = [
            [name, say(facts[key])]
            for key, name, say in FACTS
            if facts.get(key) is not None and not pd.isna(facts[key])
        ]
        made.append({"id": model, "facts": told, "scores": profile.get(model, [])})
    return made


def rows_of(evidence: Evidence) -> dict[str, Rows]:
    """All answers and completions, for a server that is asked for some of them."""
    return {"answers": answers(evidence), "completions": completions(evidence)}
