"""Words -> the tables `words` and `lexicon`: rare words set aside, the others counted. Works on codes, not on texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.lexicon.chunks import Readings
from valuelex.lexicon.normalise import ValueLexicon
from valuelex.lexicon.reading import Entry
from valuelex.tables import frame

Codes = NDArray[np.int64]

TEXT = pd.StringDtype("pyarrow", na_value=pd.NA)
RARE = "rare: named by"
"""How the reason of a word begins that too few respondents named."""


@dataclass(frozen=True, eq=False)
class Named:
    """Accepted words in answers, by codes.

    Attributes
    ----------
    word, form, response, respondent, model : array of int
        One element per row; rows without a word are left out, -1 is a missing respondent or model.
    words, forms : list of str
        What the codes of `word` and `form` stand for.
    """

    word: Codes
    form: Codes
    response: Codes
    respondent: Codes
    model: Codes
    words: Sequence[str]
    forms: Sequence[str]

    def distinct(self, what: Codes) -> Codes:
        """How many different values of `what` each word has."""
        there = what >= 0
        pairs = pd.unique(self.word[there] * (int(what.max(initial=0)) + 1) + what[there])
        return np.bincount(pairs // (int(what.max(initial=0)) + 1), minlength=len(self.words))

    def only(self, wanted: NDArray[np.bool_]) -> Named:
        """Some of the rows."""
        return Named(
            self.word[wanted],
            self.form[wanted],
            self.response[wanted],
            self.respondent[wanted],
            self.model[wanted],
            self.words,
            self.forms,
        )


def count(named: Named, lexicon: ValueLexicon | None) -> pd.DataFrame:
    """Return the table `lexicon`: one row per word type, the most widely named first."""
    glosses = lexicon.glosses if lexicon else {}
    variants: dict[int, set[str]] = {}
    n_forms = len(named.forms)
    for pair in pd.unique(named.word * max(n_forms, 1) + named.form).tolist():
        variants.setdefault(pair // n_forms, set()).add(named.forms[pair % n_forms])
    n_responses, n_respondents, n_models = (
        named.distinct(what) for what in (named.response, named.respondent, named.model)
    )
    rows = [
        {
            "word": named.words[code],
            "variants": "|".join(sorted(forms)),
            "n_responses": int(n_responses[code]),
            "n_respondents": int(n_respondents[code]),
            "n_models": int(n_models[code]),
            "gloss": glosses.get(named.words[code]),
            "source": "value lexicon" if named.words[code] in glosses else "embedding" if lexicon else "given",
        }
        for code, forms in variants.items()
    ]
    rows.sort(key=lambda row: (-int(row["n_respondents"] or 0), -int(row["n_responses"] or 0), str(row["word"])))
    return frame("lexicon", rows)


def form_of(entry: Entry) -> str:
    """The surface form that is counted for an entry: as it stood in a list; in running text the word itself."""
    return str(entry.word) if "running text" in entry.reason else entry.raw.lower()


def tables(
    readings: Readings, answers: pd.DataFrame, lexicon: ValueLexicon, least: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables `words` and `lexicon` of decided readings.

    Parameters
    ----------
    readings : Readings
        Every entry's `kept` is True or False.
    answers : DataFrame
        Their rows of `responses`, in the same order, typed as in the schema.
    least : int
        Fewest respondents of a word that counts.
    """
    entries, codes, owners = list(readings.entries), readings.codes, readings.owners
    words = sorted({entry.word for entry in entries if entry.word is not None and entry.kept})
    forms = sorted({form_of(entry) for entry in entries if entry.kept})
    word_at, form_at = {w: i for i, w in enumerate(words)}, {f: i for i, f in enumerate(forms)}
    accepted = np.array([bool(e.kept) and e.word is not None for e in entries], dtype=bool)
    word_of = np.array([word_at.get(str(e.word), -1) if e.kept else -1 for e in entries], dtype=np.int64)
    form_in = np.array([form_at[form_of(e)] if e.kept else -1 for e in entries], dtype=np.int64)
    rows = accepted[codes] if codes.size else np.zeros(0, dtype=bool)
    held, whose = codes[rows], owners[rows]
    named = Named(
        word_of[held],
        form_in[held],
        whose,
        pd.factorize(answers["respondent_id"])[0].astype(np.int64)[whose],
        pd.factorize(answers["model_id"])[0].astype(np.int64)[whose],
        words,
        forms,
    )
    named_by = named.distinct(named.respondent)
    rare = {word: int(n) for word, n in zip(words, named_by, strict=True) if n < least}
    entries = [
        e._replace(kept=False, reason=rare_reason(rare[e.word], least)) if e.kept and e.word in rare else e
        for e in entries
    ]
    kept = np.array([bool(e.kept) for e in entries], dtype=bool)
    lexicon_table = count(named.only(kept[held]) if held.size else named, lexicon)
    return _words(entries, kept, codes, owners, readings, answers), lexicon_table


def rare_reason(n: int, least: int) -> str:
    """Why a word is set aside that so few respondents named."""
    return f"{RARE} {n} of at least {least} respondents"


def _words(
    entries: Sequence[Entry],
    kept: NDArray[np.bool_],
    codes: NDArray[np.int32],
    owners: Codes,
    readings: Readings,
    answers: pd.DataFrame,
) -> pd.DataFrame:
    import pyarrow as pa

    def text(values: Sequence[str | None]) -> pd.Series:
        distinct = pa.array(values, pa.large_string())
        return distinct.take(pa.array(codes)).to_pandas(types_mapper={pa.large_string(): TEXT}.get)

    def of_answer(name: str) -> pd.Series:
        return pd.Series(answers[name].astype(TEXT).array.take(owners))

    starts = np.cumsum(readings.per_answer, dtype=np.int64) - readings.per_answer
    nothing_missing = np.zeros(codes.size, dtype=bool)
    return pd.DataFrame(
        {
            "response_id": of_answer("response_id"),
            "respondent_id": of_answer("respondent_id"),
            "model_id": of_answer("model_id"),
            "position": pd.arrays.IntegerArray(np.arange(codes.size) - starts[owners], nothing_missing),
            "raw": text([e.raw for e in entries]),
            "word": text([e.word for e in entries]),
            "kept": pd.arrays.BooleanArray(
                kept[codes] if codes.size else nothing_missing.copy(), nothing_missing.copy()
            ),
            "reason": text([e.reason for e in entries]),
            "token": text([e.token for e in entries]),
            "lemma": text([e.lemma for e in entries]),
            "rule": text([e.rule for e in entries]),
            "elicitation": of_answer("elicitation"),
        }
    )


def given_words(words: pd.DataFrame) -> tuple[NDArray[np.bool_], Named]:
    """Which rows of a table `words` name an accepted word, and these by codes."""
    accepted = (words["kept"].fillna(False).astype(bool) & words["word"].notna()).to_numpy()
    data = words[accepted]
    form = data["raw"].where(~data["reason"].fillna("").str.contains("running text", regex=False))
    form = form.fillna(data["word"]).str.lower()
    word, names = pd.factorize(data["word"])
    shape, forms = pd.factorize(form)
    response, respondent, model = (
        pd.factorize(data[name])[0].astype(np.int64) for name in ("response_id", "respondent_id", "model_id")
    )
    columns = (word.astype(np.int64), shape.astype(np.int64), response, respondent, model)
    return accepted, Named(*columns, [str(n) for n in names], [str(f) for f in forms])
