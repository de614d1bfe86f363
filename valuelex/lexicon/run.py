"""The step: the table `responses` -> `words` (every decision with its reason) and `lexicon` (what was kept)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.lexicon.normalise import ValueLexicon, load_lexicon, read_item, read_prose
from valuelex.lexicon.parse import parse
from valuelex.lexicon.settings import LexiconSettings
from valuelex.lexicon.unknown import judge_unknown
from valuelex.models.answers import CUT_OFF
from valuelex.semantics import Embedder
from valuelex.tables import frame

RAW_LENGTH = 120
"""Running text is quoted in the words table up to this many characters."""


def run(
    responses: pd.DataFrame, settings: LexiconSettings, *, embedder: Embedder | None, folder: Path
) -> dict[str, pd.DataFrame]:
    """Return the tables `words` and `lexicon` of a set of answers.

    Parameters
    ----------
    responses : DataFrame
        The table of that name; answers whose status is not "ok" give no words.
    embedder : Embedder or None
        Decides on words outside the value lexicon; needed where ``settings.unknown`` is true.
    """
    lexicon = load_lexicon(settings.values, folder)
    rows = [row for answer in _records(responses[responses["status"] == "ok"]) for row in _read(answer, lexicon)]
    _decide_unknown(rows, lexicon, settings, embedder)
    return from_words(frame("words", rows), settings, lexicon)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _read(answer: dict[str, Any], lexicon: ValueLexicon) -> Iterator[dict[str, Any]]:
    """Yield one row per item of an answer; `kept` is None where the embedding has to decide."""
    seen: set[str] = set()
    position = 0
    text = str(answer["text"])
    candidates = parse(text)
    half = candidates[-1] if candidates and answer["status_reason"] == CUT_OFF and text[-1:].isalpha() else None
    for candidate in candidates:
        found: list[tuple[str | None, bool | None, str]]
        if candidate is half:
            found = [(None, False, "cut off at the end of the answer: may be half a word")]
        elif candidate.prose:
            named = read_prose(candidate.raw, lexicon)
            found = [(word, True, "value lexicon, named in running text") for word in named]
            found = found or [(None, False, "running text that names no value")]
        else:
            reading = read_item(candidate.raw, lexicon)
            if reading is None:
                found = [(None, False, "no letters")]
            elif reading.known:
                found = [(reading.word, True, reading.how)]
            elif lexicon.is_non_value(reading.word) or len(reading.word) < 3:
                found = [(reading.word, False, "non-value list" if len(reading.word) > 2 else "too short")]
            else:
                found = [(reading.word, None, "")]
        for word, kept, reason in found:
            if word is not None and word in seen and kept is not False:
                kept, reason = False, "repeated in this answer"
            elif word is not None:
                seen.add(word)
            yield {
                "response_id": answer["response_id"],
                "respondent_id": answer["respondent_id"],
                "model_id": answer["model_id"],
                "position": position,
                "raw": candidate.raw[:RAW_LENGTH],
                "word": word,
                "kept": kept,
                "reason": reason,
            }
            position += 1


def _decide_unknown(
    rows: list[dict[str, Any]], lexicon: ValueLexicon, settings: LexiconSettings, embedder: Embedder | None
) -> None:
    """Fill in the rows that were left open."""
    undecided = [row for row in rows if row["kept"] is None]
    if not settings.unknown or embedder is None:
        for row in undecided:
            row["kept"], row["reason"] = False, "not in the value lexicon"
        return
    # A phrase of several unknown words is a description, not a word that a language has settled on.
    single = sorted({row["word"] for row in undecided if len(row["word"].split()) == 1})
    verdicts = judge_unknown(single, lexicon, settings, embedder)
    for row in undecided:
        row["kept"], row["reason"] = verdicts.get(row["word"], (False, "phrase that is not in the value lexicon"))


def from_words(
    words: pd.DataFrame, settings: LexiconSettings, lexicon: ValueLexicon | None = None
) -> dict[str, pd.DataFrame]:
    """Apply the minimum of respondents and count: words that miss it are set aside in `words`, with the reason.

    Parameters
    ----------
    words : DataFrame
        The table of that name; may come from outside.
    lexicon : ValueLexicon, optional
        Gives the glosses.
    """
    words = words.copy()
    kept = words["kept"].fillna(False).astype(bool) & words["word"].notna()
    named_by = words[kept].groupby("word")["respondent_id"].nunique()
    rare = kept & words["word"].map(named_by).fillna(0).lt(settings.min_respondents)
    words.loc[rare, "reason"] = [
        f"rare: named by {named_by[word]} of at least {settings.min_respondents} respondents"
        for word in words.loc[rare, "word"]
    ]
    words["kept"] = (kept & ~rare).astype("boolean")
    return {"words": words, "lexicon": _count(words[words["kept"]], lexicon)}


def _count(kept: pd.DataFrame, lexicon: ValueLexicon | None) -> pd.DataFrame:
    glosses = lexicon.glosses if lexicon else {}
    in_list = kept["raw"].where(~kept["reason"].fillna("").str.contains("running text"))
    kept = kept.assign(form=in_list.fillna(kept["word"]).str.lower())
    rows: list[dict[str, Any]] = [
        {
            "word": word,
            "variants": "|".join(sorted(set(group["form"]))),
            "n_responses": group["response_id"].nunique(),
            "n_respondents": group["respondent_id"].nunique(),
            "n_models": group["model_id"].nunique(),
            "gloss": glosses.get(str(word)),
            "source": "value lexicon" if word in glosses else "embedding" if lexicon else "given",
        }
        for word, group in kept.groupby("word")
    ]
    rows.sort(key=lambda row: (-row["n_respondents"], -row["n_responses"], row["word"]))
    return frame("lexicon", rows)
