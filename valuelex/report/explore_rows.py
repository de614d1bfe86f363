"""Answers and completions as columns that a page's script filters, and the same filter for a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import shorten

RATIONALE = 200
"""Letters of a judge's rationale that are shown."""
ENTRY = {"words": 4, "judgements": 16}
"""Letters of one entry of a list, about."""


@dataclass(frozen=True)
class Rows:
    """Rows of texts with what they are filtered by; repeated values stand once, in `names`.

    Attributes
    ----------
    text : list of str
    coded : dict of str -> list of int
        Places in `names` of the same key; -1 where there is none.
    names : dict of str -> list
    lists : dict of str -> list of list
        Words of an answer (places in names["word"]), judgements of a completion (judge, dimension, score, rationale: places
        in `names` but for the score).
    """

    text: list[str]
    coded: dict[str, list[int]]
    names: dict[str, list[Any]]
    lists: dict[str, list[list[Any]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.text)

    @property
    def letters(self) -> int:
        """About how many letters the rows are as JSON."""
        lists = sum(len(one) * ENTRY[name] for name, rows in self.lists.items() for one in rows)
        return sum(map(len, self.text)) + sum(len(str(why)) for why in self.names.get("why", [])) + lists

    def values(self, name: str) -> list[str]:
        """All values that a coded column has."""
        return [str(v) for v in self.names.get(name, [])]

    def columns(self) -> dict[str, Any]:
        """Return plain data, as the script reads it."""
        return {"text": self.text, "coded": self.coded, "names": self.names, "lists": self.lists}

    def taken(self, places: Sequence[int]) -> Rows:
        """Some of the rows, with the same names."""
        return Rows(
            [self.text[i] for i in places],
            {k: [v[i] for i in places] for k, v in self.coded.items()},
            self.names,
            {k: [v[i] for i in places] for k, v in self.lists.items()},
        )

    def found(self, *, text: str = "", word: str = "", **coded: str) -> list[int]:
        """Places of the rows that have all that is asked for; what is empty is not asked.

        Parameters
        ----------
        text : str
            Part of the row's text, whatever its case.
        word : str
            A word of the lexicon that the answer gave.
        **coded : str
            Values of coded columns: model, status.
        """
        wanted = np.ones(len(self), dtype=bool)
        for name, value in coded.items():
            if value and name in self.coded:
                wanted &= np.asarray(self.coded[name]) == _place(self.names[name], value)
        if word:
            given = np.zeros(len(self), dtype=bool)
            given[self._by_word.get(_place(self.names.get("word", []), word), [])] = True
            wanted &= given
        places = np.nonzero(wanted)[0].tolist()
        needle = text.lower()
        return [i for i in places if needle in self._lower[i]] if needle else places

    @cached_property
    def _lower(self) -> list[str]:
        return [text.lower() for text in self.text]

    @cached_property
    def _by_word(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for i, words in enumerate(self.lists.get("words", [])):
            for word in words:
                found.setdefault(word, []).append(i)
        return found

    def row(self, i: int) -> dict[str, Any]:
        """One row with its values in place of codes, as the page's script shows it."""
        made: dict[str, Any] = {"text": self.text[i]}
        for key, codes in self.coded.items():
            made[key] = self.names[key][codes[i]] if codes[i] >= 0 else None
        if "words" in self.lists:
            made["words"] = [self.names["word"][k] for k in self.lists["words"][i]]
        if "judgements" in self.lists:
            made["judgements"] = [
                [self.names["judge"][j], self.names["dimension"][d], score, self.names["why"][why]]
                for j, d, score, why in self.lists["judgements"][i]
            ]
        return made


def _place(names: Sequence[Any], value: str) -> int:
    """Where a value stands, or a code that no row has."""
    return list(names).index(value) if value in names else -2


def thinned(rows: Rows, room: float) -> Rows:
    """Return a share of the rows, evenly spread in their order; all where room is 1 or more."""
    if room >= 1 or not len(rows):
        return rows
    n = max(1, int(len(rows) * room))
    return rows.taken([i * len(rows) // n for i in range(n)])


def _coded(values: pd.Series) -> tuple[list[int], list[str]]:
    codes, names = pd.factorize(values.astype("string"))
    return [int(c) for c in codes], [str(n) for n in names]


def answers(evidence: Evidence) -> Rows:
    """Every answer with the words that were kept of it; without the table `responses`, the words alone."""
    table, words = evidence.table("responses"), evidence.table("words")
    if table is None and words is not None:
        table = words.drop_duplicates("response_id").reindex(
            columns=["response_id", "respondent_id", "model_id", "text", "status", "prompt_id"]
        )
    if table is None:
        return Rows([], {}, {})
    coded, names = {}, {}
    for key, column in (
        ("model", "model_id"),
        ("who", "respondent_id"),
        ("prompt", "prompt_id"),
        ("status", "status"),
    ):
        coded[key], names[key] = _coded(table[column])
    given: list[list[int]] = [[] for _ in range(len(table))]
    names["word"] = []
    if words is not None and len(words):
        kept = words[words["kept"].fillna(False).astype(bool)]
        codes, names["word"] = _coded(kept["word"])
        at = {str(r): i for i, r in enumerate(table["response_id"])}
        for response, code in zip(kept["response_id"].astype(str), codes, strict=True):
            if response in at and code not in given[at[response]]:
                given[at[response]].append(code)
    return Rows(table["text"].astype("string").fillna("").tolist(), coded, names, {"words": given})


def completions(evidence: Evidence) -> Rows:
    """Every completion with its stem and what each judge made of it."""
    table, judgements = evidence.table("completions"), evidence.table("judgements")
    if table is None:
        return Rows([], {}, {})
    coded: dict[str, list[int]] = {}
    names: dict[str, list[Any]] = {}
    for key, column in (("model", "model_id"), ("stem", "item_id"), ("status", "status")):
        coded[key], names[key] = _coded(table[column])
    instrument = evidence.table("instrument")
    stems = {} if instrument is None else {str(r["item_id"]): r for r in records(instrument)}
    names["stem"] = [_stem(stems.get(item), item) for item in names["stem"]]
    given: list[list[Any]] = [[] for _ in range(len(table))]
    names |= {"judge": [], "dimension": [], "why": []}
    if judgements is not None and len(judgements):
        at = {str(c): i for i, c in enumerate(table["completion_id"])}
        mine = judgements[judgements["applicable"].fillna(False).astype(bool) & judgements["score"].notna()]
        judges, names["judge"] = _coded(mine["judge_id"])
        dimensions, names["dimension"] = _coded(mine["dimension"])
        why = mine["rationale"] if "rationale" in mine.columns else pd.Series(pd.NA, index=mine.index, dtype="string")
        told, names["why"] = _coded(why.astype("string").fillna("").map(lambda text: shorten(text, RATIONALE)))
        rows = zip(
            mine["completion_id"].astype(str), judges, dimensions, mine["score"].astype(float), told, strict=True
        )
        for completion, judge, dimension, score, reason in rows:
            if completion in at:
                given[at[completion]].append([judge, dimension, round(score, 2), reason])
    return Rows(table["text"].astype("string").fillna("").tolist(), coded, names, {"judgements": given})


def _stem(row: dict[str, Any] | None, item: str) -> list[str]:
    """Id, stem, and what the item is about."""
    if row is None:
        return [item, "", ""]
    about = [str(row[k]) for k in ("subdimension", "valence") if row.get(k) is not None]
    return [item, str(row["stem"]), ", ".join(about)]
