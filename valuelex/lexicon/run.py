"""The step: the table `responses` -> `words` (every decision with its reason), `lexicon` (what was kept), and what their counts
say about the survey: `saturation`, `richness`, `variance_shares`, `mode_agreement`, `example_effect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from valuelex.errors import SettingError, TableError
from valuelex.lexicon.agreement import mode_agreement
from valuelex.lexicon.chunks import CHUNK, Readings, read_answers
from valuelex.lexicon.counting import count, given_words, rare_reason, tables
from valuelex.lexicon.examples import example_effect, word_types
from valuelex.lexicon.incidence import incidence
from valuelex.lexicon.normalise import ValueLexicon, load_lexicon
from valuelex.lexicon.reading import Entry
from valuelex.lexicon.saturation import saturation
from valuelex.lexicon.settings import LexiconSettings
from valuelex.lexicon.sources import variance_shares
from valuelex.lexicon.unknown import judge_unknown
from valuelex.semantics import Embedder


def run(
    responses: pd.DataFrame,
    settings: LexiconSettings,
    *,
    embedder: Embedder | None,
    folder: Path,
    seed: int = 0,
    facts: pd.DataFrame | None = None,
    examples: Mapping[str, Sequence[str]] | None = None,
    vocabulary: Sequence[str] | None = None,
    chunk: int = CHUNK,
    n_jobs: int | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the tables of the step; those about which the design has nothing to say are empty.

    Parameters
    ----------
    responses : DataFrame
        The table of that name; answers whose status is not "ok" give no words.
    embedder : Embedder or None
        Decides on words outside the value lexicon; needed where ``settings.unknown`` is true.
    folder : Path
        Where the study file lies.
    seed : int
        Of the bootstrap of `example_effect`.
    facts : DataFrame, optional
        What is known of the models (`models.facts`), indexed by model_id; `variance_shares` takes their family from it.
    examples : mapping of str -> sequence of str, optional
        The words of each example set, by the id that stands in the column `examples`.
    vocabulary : sequence of str, optional
        What the closed and the logprob mode could name.
    chunk : int
        Answers that are read at once; moves no number.
    n_jobs : int or None
        Worker processes for more than one chunk. None takes what `joblib.parallel_config` says, else every core.

    Raises
    ------
    TableError
        If two answers have the same response_id.
    """
    if chunk < 1:
        raise SettingError(f"chunk={chunk} is out of range.", "Give the number of answers that are read at once.")
    lexicon = load_lexicon(settings.values, folder)
    answers = usable(responses)
    texts = answers["text"].fillna("").astype(str).tolist()
    reasons = answers["status_reason"].astype(object).where(answers["status_reason"].notna(), None).tolist()
    readings = read_answers(texts, reasons, lexicon, chunk=chunk, n_jobs=n_jobs)
    survey = Survey(seed, facts, examples, vocabulary)
    return finish(readings, answers[DESIGN], settings, lexicon, embedder, survey)


def usable(responses: pd.DataFrame) -> pd.DataFrame:
    """The answers that can give words."""
    repeated = responses["response_id"].duplicated()
    if repeated.any():
        raise TableError(
            f"table responses: row {int(repeated.to_numpy().argmax()) + 1} repeats the key (response_id) of an earlier row.",
            "A row must be one LLM call that returned: remove or rename one of the two.",
        )
    return responses[(responses["status"] == "ok").fillna(False)].reset_index(drop=True)


DESIGN = [
    *("response_id", "respondent_id", "model_id", "prompt_id", "temperature", "top_p"),
    *("persona", "elicitation", "language", "wording", "order", "examples"),
]
"""What the tables need of an answer once it has been read."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What the tables about the survey need beside the answers; see `run`."""

    seed: int = 0
    facts: pd.DataFrame | None = None
    examples: Mapping[str, Sequence[str]] | None = None
    vocabulary: Sequence[str] | None = None


def finish(
    readings: Readings,
    answers: pd.DataFrame,
    settings: LexiconSettings,
    lexicon: ValueLexicon,
    embedder: Embedder | None,
    survey: Survey,
) -> dict[str, pd.DataFrame]:
    """From the words of all answers to the tables."""
    decided = decide_unknown(readings, lexicon, settings, embedder)
    words, kept = tables(decided, answers, lexicon, settings.min_respondents)
    data = incidence(decided, answers, kept["word"].tolist())
    vocabulary = None if survey.vocabulary is None else sorted(word_types(survey.vocabulary, lexicon))
    return {
        "words": words,
        "lexicon": kept,
        **saturation(data),
        "variance_shares": variance_shares(data, survey.facts),
        "mode_agreement": mode_agreement(data, vocabulary=vocabulary),
        "example_effect": example_effect(data, survey.examples, lexicon, seed=survey.seed),
    }


def decide_unknown(
    readings: Readings, lexicon: ValueLexicon, settings: LexiconSettings, embedder: Embedder | None
) -> Readings:
    """Fill in the entries that were left open."""
    used = np.zeros(len(readings.entries), dtype=bool)
    used[readings.codes] = True
    undecided = {str(e.word) for e, there in zip(readings.entries, used, strict=True) if there and e.kept is None}
    if not settings.unknown or embedder is None:
        entries = [open_ if open_.kept is not None else _close(open_, False, OUTSIDE) for open_ in readings.entries]
        return Readings(entries, readings.codes, readings.per_answer)
    # A phrase of several unknown words is a description, not a word that a language has settled on.
    single = sorted(word for word in undecided if len(word.split()) == 1)
    verdicts = judge_unknown(single, lexicon, settings, embedder)
    entries = [
        open_ if open_.kept is not None else _close(open_, *verdicts.get(str(open_.word), (False, PHRASE)))
        for open_ in readings.entries
    ]
    return Readings(entries, readings.codes, readings.per_answer)


OUTSIDE = "not in the value lexicon"
PHRASE = "phrase that is not in the value lexicon"


def _close(entry: Entry, kept: bool, reason: str) -> Entry:
    return Entry(entry.raw, entry.word, kept, reason)


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
    accepted, named = given_words(words)
    named_by, least = named.distinct(named.respondent), settings.min_respondents
    rare = named_by[named.word] < least
    set_aside = np.zeros(len(words), dtype=bool)
    set_aside[np.nonzero(accepted)[0][rare]] = True
    words.loc[set_aside, "reason"] = [rare_reason(int(named_by[code]), least) for code in named.word[rare]]
    words["kept"] = pd.array(accepted & ~set_aside, dtype="boolean")
    return {"words": words, "lexicon": count(named.only(~rare), lexicon)}
