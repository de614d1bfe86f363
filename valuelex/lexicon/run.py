"""The step: the table `responses` -> `words` (every decision with its reason), `lexicon` (what was kept), what judges said of
each word (`value_filter`, `filter_agreement`), where it falls in value theories (`crosswalk`), what the user's own files did
(`overrides`, `languages`), and what the counts say about the survey: `saturation`, `richness`, `variance_shares`,
`mode_agreement`, `example_effect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from valuelex.errors import SettingError, TableError
from valuelex.lexicon.agreement import mode_agreement
from valuelex.lexicon.audit import languages, overrides_used
from valuelex.lexicon.chunks import CHUNK, Readings, read_answers
from valuelex.lexicon.classifier import classifier_of
from valuelex.lexicon.counting import count, given_words, rare_reason, tables
from valuelex.lexicon.crosswalk import crosswalk, load_crosswalk
from valuelex.lexicon.decide import Verdicts, decide, join_families, judged_words, open_words, single
from valuelex.lexicon.examples import example_effect, word_types
from valuelex.lexicon.filters import UNREAD, VALUE, Verdict, filter_agreement, value_filter
from valuelex.lexicon.incidence import incidence
from valuelex.lexicon.llm import ask_words
from valuelex.lexicon.normalise import ValueLexicon, load_lexicon, open_lexicon
from valuelex.lexicon.saturation import saturation
from valuelex.lexicon.settings import LexiconSettings
from valuelex.lexicon.sources import variance_shares
from valuelex.models import Caller
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
    caller: Caller | None = None,
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
        Of the bootstraps, and of the calls to the judge.
    facts : DataFrame, optional
        What is known of the models (`models.facts`), indexed by model_id; `variance_shares` takes their family from it.
    examples : mapping of str -> sequence of str, optional
        The words of each example set, by the id that stands in the column `examples`.
    vocabulary : sequence of str, optional
        What the closed and the logprob mode could name.
    caller : Caller, optional
        Asks ``settings.judge``, whose replies are paid-for answers; without it that judge is not asked.
    chunk : int
        Answers that are read at once; moves no number.
    n_jobs : int or None
        Worker processes for more than one chunk. None takes what `joblib.parallel_config` says, else every core.

    Raises
    ------
    TableError
        If two answers have the same response_id.
    EndpointError
        When the judge's endpoint cannot answer; what was answered is in the caller's ledger.
    """
    if chunk < 1:
        raise SettingError(f"chunk={chunk} is out of range.", "Give the number of answers that are read at once.")
    lexicon = open_lexicon(settings, folder)
    answers = usable(responses)
    texts = answers["text"].fillna("").astype(str).tolist()
    reasons = answers["status_reason"].astype(object).where(answers["status_reason"].notna(), None).tolist()
    spoken = answers["language"].astype(object).where(answers["language"].notna(), "en").astype(str).tolist()
    readings = read_answers(texts, reasons, lexicon, languages=spoken, chunk=chunk, n_jobs=n_jobs)
    survey = Survey(seed, facts, examples, vocabulary, caller)
    return finish(readings, answers[DESIGN], settings, lexicon, embedder, survey, folder)


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
    caller: Caller | None = None


def finish(
    readings: Readings,
    answers: pd.DataFrame,
    settings: LexiconSettings,
    lexicon: ValueLexicon,
    embedder: Embedder | None,
    survey: Survey,
    folder: Path,
) -> dict[str, pd.DataFrame]:
    """From the words of all answers to the tables."""
    readings = join_families(readings)
    classifier = classifier_of(lexicon, settings, embedder) if settings.unknown and embedder is not None else None
    unknown = single(open_words(readings))
    asked: dict[str, dict[str, Verdict]] = {}

    def ask(words: Sequence[str]) -> None:
        if settings.judge is not None and survey.caller is not None:
            said = asked.setdefault(settings.judge.id, {})
            new = [word for word in words if word not in said]
            said.update(ask_words(new, settings.judge, survey.caller, seed=survey.seed))

    verdicts: Verdicts | None = None
    if settings.unknown and settings.judge is not None and settings.judge.decides and survey.caller is not None:
        ask(unknown)
        verdicts = {word: _said(settings.judge.id, asked[settings.judge.id][word][0]) for word in unknown}
    elif classifier is not None:
        verdicts = {word: (kept, why) for word, (kept, _, why) in classifier.judge(unknown).items()}
    elif settings.unknown and embedder is not None:
        verdicts = dict.fromkeys(unknown, (False, "not a value by embedding: too few words to compare with"))
    decided = decide(readings, verdicts)
    judged = judged_words(decided)
    ask(list(judged))
    words, kept = tables(decided, answers, lexicon, settings.min_respondents)
    data = incidence(decided, answers, kept["word"].tolist())
    vocabulary = None if survey.vocabulary is None else sorted(word_types(survey.vocabulary, lexicon))
    said = value_filter(judged, lexicon, classifier, asked)
    mapping = load_crosswalk(settings.crosswalk, folder)
    return {
        "words": words,
        "lexicon": kept,
        "value_filter": said,
        "filter_agreement": filter_agreement(said, seed=survey.seed),
        "crosswalk": crosswalk(kept["word"].tolist(), mapping, lexicon, embedder),
        "overrides": overrides_used(decided, lexicon.overrides),
        "languages": languages(decided, answers),
        **saturation(data),
        "variance_shares": variance_shares(data, survey.facts),
        "mode_agreement": mode_agreement(data, vocabulary=vocabulary),
        "example_effect": example_effect(data, survey.examples, lexicon, seed=survey.seed),
    }


def _said(judge: str, verdict: str) -> tuple[bool, str]:
    if verdict == UNREAD:
        return False, f"the verdict of {judge} cannot be read"
    return verdict == VALUE, f"{judge}: {verdict}"


def from_words(
    words: pd.DataFrame,
    settings: LexiconSettings,
    lexicon: ValueLexicon | None = None,
    *,
    folder: Path | None = None,
    embedder: Embedder | None = None,
) -> dict[str, pd.DataFrame]:
    """Apply the minimum of respondents and count: words that miss it are set aside in `words`, with the reason.

    Parameters
    ----------
    words : DataFrame
        The table of that name; may come from outside.
    lexicon : ValueLexicon, optional
        Gives the glosses.
    folder : Path, optional
        Where the study file lies; with it the words are also mapped to value theories (table `crosswalk`).
    embedder : Embedder, optional
        Maps the words that nobody mapped by hand.
    """
    words = words.copy()
    accepted, named = given_words(words)
    named_by, least = named.distinct(named.respondent), settings.min_respondents
    rare = named_by[named.word] < least
    set_aside = np.zeros(len(words), dtype=bool)
    set_aside[np.nonzero(accepted)[0][rare]] = True
    words.loc[set_aside, "reason"] = [rare_reason(int(named_by[code]), least) for code in named.word[rare]]
    words["kept"] = pd.array(accepted & ~set_aside, dtype="boolean")
    # With their glosses given words are the same words to the embedding as those of a survey.
    known = lexicon if lexicon is not None or folder is None else load_lexicon(settings.values, folder)
    made = {"words": words, "lexicon": count(named.only(~rare), known)}
    if folder is not None and known is not None:
        mapping = load_crosswalk(settings.crosswalk, folder)
        made["crosswalk"] = crosswalk(made["lexicon"]["word"].tolist(), mapping, known, embedder)
    return made
