"""The step ``valuelex judge``: every judge scores every completion on every scale -> the table `judgements`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from valuelex.errors import DataError, StudyFileError
from valuelex.models import Caller, Model, Request, resolve
from valuelex.projective.judging.embedded import AnchorScorer
from valuelex.projective.judging.llm import read_reply, request_for
from valuelex.projective.manual import check_manual
from valuelex.projective.settings import Judge, JudgeSettings
from valuelex.projective.text import strip_echo
from valuelex.semantics import Embedder
from valuelex.tables import frame


@dataclass(frozen=True)
class JudgeItem:
    """One planned call to an LLM judge."""

    judge: Model
    completion_id: str
    scales: list[str]
    request: Request


def judge(
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    manual: Mapping[str, Any],
    *,
    judges: Sequence[Judge],
    seed: int,
    caller: Caller,
    embedder: Embedder | None = None,
    population: Sequence[Model] = (),
) -> dict[str, pd.DataFrame]:
    """Return the table `judgements`: one row per completion, judge and scale, in the order of judges and completions.

    A completion whose status is not "ok" is not put to any judge: it has no score, is not applicable, and its rationale is the
    status. A reply that cannot be read has no score and the rationale "unparsable: ..."; no row is ever left out.

    Parameters
    ----------
    completions, instrument : DataFrame
        The tables of those names.
    manual : mapping
        The scoring manual: what `build` or `manual_for` made.
    judges : sequence
        "embedded", or `JudgeSettings`.
    seed : int
        Of the LLM judges' calls and the order of scales in them; the embedded judge draws nothing.
    caller : Caller
        Holds the ledger; judges' replies are paid-for answers.
    embedder : Embedder, optional
        Needed by the embedded judge.
    population : sequence of Model, optional
        The judged models, where they are known: judges are checked against them, and their names are hidden.

    Raises
    ------
    StudyFileError
        If a judge is one of the judged models and does not say `allow_self`.
    DataError
        If a completion's item is not in the instrument, the manual lacks anchors, or the embedder is missing.
    EndpointError
        When a judge's endpoint cannot answer; what was answered is in the caller's ledger.
    """
    planned = plan_judge(completions, instrument, manual, judges=judges, seed=seed, population=population)
    texts = _texts(completions, instrument)
    scales = [str(entry["subdimension"]) for entry in check_manual(manual)]
    rows: list[dict[str, Any]] = []
    verdicts = _asked(planned, caller)
    for one in judges:
        if isinstance(one, str):
            if embedder is None:
                raise DataError(
                    "The embedded judge needs an embedder.", "Pass embedder=..., or leave it out of 'judges'."
                )
            found = _embedded(completions, texts, AnchorScorer(manual, embedder))
        else:
            found = verdicts.get(one.id, {})
        name = one if isinstance(one, str) else one.id
        for completion_id, status in zip(completions["completion_id"], completions["status"], strict=True):
            why = "invalid" if status == "ok" else str(status)  # an outside table may call an empty text ok
            for scale in scales:
                score, applicable, rationale = found.get((completion_id, scale), (None, False, why))
                rows.append(
                    {
                        "completion_id": completion_id,
                        "judge_id": name,
                        "dimension": scale,
                        "score": score,
                        "applicable": applicable,
                        "rationale": rationale,
                    }
                )
    return {"judgements": frame("judgements", rows)}


_Found = dict[tuple[str, str], tuple[float | None, bool, str]]


def _embedded(completions: pd.DataFrame, texts: Mapping[str, tuple[str, str]], scorer: AnchorScorer) -> _Found:
    ids = [str(i) for i in completions["completion_id"] if str(i) in texts]
    scores = scorer.score([texts[i][1] for i in ids], [texts[i][0] for i in ids])
    found: _Found = {}
    for n, completion_id in enumerate(ids):
        for s, scale in enumerate(scorer.scales):
            applicable = bool(scores.applicable[n, s])
            found[completion_id, scale] = (
                float(scores.level[n, s]) if applicable else None,
                applicable,
                scores.rationale[n][s],
            )
    return found


def _asked(items: Sequence[JudgeItem], caller: Caller) -> dict[str, _Found]:
    """Ask all judges at the same time; return judge id -> what it found."""
    groups: dict[str, list[JudgeItem]] = {}
    for item in items:
        groups.setdefault(item.judge.id, []).append(item)
    asked = [(mine[0].judge, [item.request for item in mine]) for mine in groups.values()]
    found: dict[str, _Found] = {}
    for (judge_id, mine), answers in zip(groups.items(), caller.gather("judge", asked), strict=True):
        held = found.setdefault(judge_id, {})
        for item, response in zip(mine, answers, strict=True):
            for scale, verdict in read_reply(response, item.scales).items():
                held[item.completion_id, scale] = (verdict.score, verdict.applicable, verdict.rationale)
    return found


def plan_judge(
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    manual: Mapping[str, Any],
    *,
    judges: Sequence[Judge],
    seed: int,
    population: Sequence[Model] = (),
) -> list[JudgeItem]:
    """Return every call to the LLM judges, in the order of judges and completions; the embedded judge makes none.

    Parameters and errors are those of `judge`.
    """
    entries = check_manual(manual)
    texts = _texts(completions, instrument)
    models = {one.id: resolve(one) for one in judges if not isinstance(one, str)}
    asked = [one for one in judges if not isinstance(one, str)]
    check_judges(asked, population, judged=[str(m) for m in completions["model_id"].unique()])
    names = {model.id: [n for n in (model.id, model.entry.name, model.endpoint_model) if n] for model in population}
    planned = []
    for one in asked:
        for completion_id, model_id in zip(completions["completion_id"], completions["model_id"], strict=True):
            if completion_id not in texts:
                continue
            stem, completion = texts[completion_id]
            request, scales = request_for(
                models[one.id],
                one,
                entries,
                completion_id=completion_id,
                stem=stem,
                completion=completion,
                hide=names.get(model_id, [str(model_id)]),
                seed=seed,
            )
            planned.append(JudgeItem(models[one.id], completion_id, scales, request))
    return planned


def check_judges(judges: Sequence[Judge], population: Sequence[Model] = (), *, judged: Sequence[str] = ()) -> None:
    """Raise `StudyFileError` if a judge judges itself without `allow_self`.

    Parameters
    ----------
    judges : sequence
        "embedded" passes.
    population : sequence of Model
        The judged models: a judge is one of them if endpoint and the endpoint's model name are the same.
    judged : sequence of str
        Ids of judged models of which nothing else is known: a judge of the same id counts as the same.
    """
    places = {(model.endpoint, model.endpoint_model): model.id for model in population}
    known = {model.id for model in population}
    for one in judges:
        if not isinstance(one, JudgeSettings) or one.allow_self:
            continue
        model = resolve(one)
        twin = places.get((model.endpoint, model.endpoint_model))
        if twin is None and one.id in judged and one.id not in known:
            twin = one.id
        if twin is not None:
            raise StudyFileError(
                f"judges: '{one.id}' is the judged model '{twin}'; a model favours its own texts.",
                "Give another judge, or ask for it with 'allow_self: true'.",
            )


def _texts(completions: pd.DataFrame, instrument: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Completion id -> stem and completion, for every completion that can be judged."""
    stems = dict(zip(instrument["item_id"].astype(str), instrument["stem"].astype(str), strict=True))
    unknown = sorted(set(completions["item_id"].astype(str)) - set(stems))
    if unknown:
        raise DataError(
            f"The completions name {len(unknown)} items that the instrument does not hold, such as '{unknown[0]}'.",
            "Give the instrument that the completions were made with.",
        )
    found = {}
    columns = (completions[name] for name in ("completion_id", "item_id", "text", "status"))
    for completion_id, item_id, text, status in zip(*columns, strict=True):
        if status != "ok" or pd.isna(text):
            continue
        stem = stems[str(item_id)]
        completion = strip_echo(stem, str(text))  # an outside table may hold the whole sentence
        if completion:
            found[str(completion_id)] = (stem, completion)
    return found
