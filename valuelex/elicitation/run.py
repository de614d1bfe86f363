"""The step: respondents x prompts x samples -> the tables `responses`, `word_scores` and `quality`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from valuelex.elicitation.examples import load_examples, shown_words
from valuelex.elicitation.plan import Item, plan
from valuelex.elicitation.quality import quality_table
from valuelex.elicitation.scored import baselines, named, score_rows
from valuelex.elicitation.settings import ElicitationSettings, RespondentSettings, StopRule
from valuelex.models import Caller, Model, Request, Response
from valuelex.models.answers import Quality, assess
from valuelex.tables import frame


class Coverage(Protocol):
    """How complete a lexicon is: the Good-Turing estimate of its sample coverage, with an interval."""

    @property
    def estimate(self) -> float: ...

    @property
    def low(self) -> float: ...


class Counter(Protocol):
    """Counts the value words of answers while they come in. The next step knows how; the study hands it in."""

    def add(self, model_id: str, text: str, status_reason: str | None, language: str) -> None:
        """Count one usable answer, given in this language."""
        ...

    def coverage(self, model_id: str | None) -> Coverage:
        """Return the coverage of one model's words, or of all models' for None."""
        ...


def run(
    population: Sequence[Model],
    who: RespondentSettings,
    settings: ElicitationSettings,
    *,
    seed: int,
    caller: Caller,
    folder: Path,
    counter: Callable[[], Counter] | None = None,
) -> dict[str, pd.DataFrame]:
    """Ask every respondent every prompt and return the tables, in the order of the plan.

    Parameters
    ----------
    population, who, settings
        The design.
    seed : int
        Of the calls, and of what a fractional design leaves out.
    caller : Caller
        Holds the ledger.
    folder : Path
        Of the study file.
    counter : callable, optional
        Makes a `Counter`; needed where `settings.stop_when` holds a rule.

    Raises
    ------
    EndpointError
        When an endpoint cannot answer; what was answered is in the caller's ledger.
    """
    items = plan(population, who, settings, seed=seed, folder=folder)
    shown = shown_words(load_examples(settings.few_shot, folder))
    made = counter() if counter is not None and settings.stop_when.coverage is not None else None
    answers = _in_rounds(items, settings, caller, shown, made)
    asked = [item for item in items if item.request.key in answers]
    neutral = baselines(asked, [answers[item.request.key] for item in asked])
    rows: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for item in asked:
        if not item.baseline:
            answer = answers[item.request.key]
            mine = score_rows(item, answer, neutral) if item.elicitation == "logprob" else []
            scores += mine
            quality = _assess(item, answer, shown)
            if any(row["baseline"] is None for row in mine):
                # Words ranked without it are the commonest ones, and would stand among the others as if they were values.
                mine, quality = [], Quality("error", "the neutral frame could not be scored", ("error",), "")
            rows.append(_row(item, answer, quality, named(mine, settings.words_per_answer) if mine else quality.text))
    out = {"responses": frame("responses", rows)}
    if scores:
        out["word_scores"] = frame("word_scores", scores)
    return out | {"quality": quality_table(out["responses"])}


def _in_rounds(
    items: Sequence[Item],
    settings: ElicitationSettings,
    caller: Caller,
    shown: Mapping[str, Sequence[str]],
    counter: Counter | None,
) -> dict[str, Response]:
    """Ask sample after sample of the whole design, so that it stays crossed wherever the stopping rule ends it.

    Without a rule all samples are one round. A rule is looked at after whole rounds only and rests on the answers alone: a run
    that was interrupted stops where an undisturbed one would have. Where open answers are asked for, it rests on these: closed
    ones, which exhaust their vocabulary soon, would make an open lexicon look complete.
    """
    counted = "open" if "open" in settings.modes else "closed"
    going = list(dict.fromkeys(item.respondent.model.id for item in items))
    answers: dict[str, Response] = {}
    for sample in range(settings.samples if counter else 1):
        mine: dict[str, list[Item]] = {model_id: [] for model_id in going}
        for item in items:
            if item.respondent.model.id in mine and (counter is None or item.sample == sample):
                mine[item.respondent.model.id].append(item)
        groups = [each for each in mine.values() if each]
        asked = [(each[0].respondent.model, [item.request for item in each]) for each in groups]
        replies = caller.gather("elicit", asked, place=_places(groups))
        for each, given in zip(groups, replies, strict=True):
            for item, answer in zip(each, given, strict=True):
                answers[item.request.key] = answer
                quality = _assess(item, answer, shown)
                if counter and item.elicitation == counted and quality.status == "ok":
                    counter.add(item.respondent.model.id, quality.text, quality.reason, item.respondent.language)
        if counter and sample + 1 >= settings.stop_when.min_samples:
            going = _still_going(going, counter, settings.stop_when, sample + 1, caller)
    return answers


def _places(groups: Sequence[Sequence[Item]]) -> Callable[[Request], Mapping[str, Any]]:
    held = {item.request.key: item for each in groups for item in each}
    return lambda request: held[request.key].place


def _still_going(going: list[str], counter: Counter, rule: StopRule, samples: int, caller: Caller) -> list[str]:
    """Return the models whose lexicon is not complete yet; say of the others that they are done."""
    left = []
    for model_id in going if rule.by == "model" else [None]:
        found = counter.coverage(model_id)
        # Written so that NaN goes on: of a model that has named no value word yet nothing is known.
        if not (found.estimate if rule.bound == "estimate" else found.low) >= (rule.coverage or 1):
            left += [model_id] if model_id else going
            continue
        caller.tell(
            f"{model_id or 'all models'}: after {samples} samples {found.estimate:.1%} of further value words would be known "
            f"ones (stop_when: {rule.coverage:.1%}): no more are asked for."
        )
    return left


def _assess(item: Item, answer: Response, shown: Mapping[str, Sequence[str]]) -> Quality:
    examples = shown.get(item.wording.examples or "", ())
    return assess(item.request, answer, language=item.respondent.language, examples=examples)


def _row(item: Item, answer: Response, quality: Quality, text: str) -> dict[str, Any]:
    who = item.respondent
    return item.place | {
        "response_id": item.response_id,
        "model_id": who.model.id,
        "sample_index": item.sample,
        "temperature": who.temperature,
        "top_p": who.top_p,
        "seed": item.request.seed,
        "mode": item.request.mode,
        "text": text,
        "status": quality.status,
        "status_reason": quality.reason,
        "labels": "|".join(quality.labels) or None,
        "n_tokens_in": answer.n_tokens_in,
        "n_tokens_out": answer.n_tokens_out,
        "latency_s": round(answer.latency_s, 3),
    }
