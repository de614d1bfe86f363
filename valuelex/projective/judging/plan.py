"""Which calls the LLM judges get: every completion once, a seeded share of them again, and who may not judge whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from valuelex.errors import DataError, StudyFileError
from valuelex.models import Model, Request, resolve
from valuelex.models.seeds import call_seed
from valuelex.projective.judging.llm import Kind, request_for
from valuelex.projective.judging.rubric import Rubric
from valuelex.projective.manual import check_manual
from valuelex.projective.settings import Judge, JudgeSettings
from valuelex.projective.text import strip_echo


@dataclass(frozen=True)
class JudgeItem:
    """One planned call to an LLM judge.

    Attributes
    ----------
    judge : Model
    completion_id : str
    scales : list of str
        In the order in which the call asks for them.
    request : Request
    kind : {"first", "repeat", "reworded"}
    again : callable
        The call and its scales that follow a reply that cannot be read.
    """

    judge: Model
    completion_id: str
    scales: list[str]
    request: Request
    kind: Kind
    again: Callable[[], tuple[Request, list[str]]]


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

    Those that repeat come after each judge's first ones. Parameters and errors are those of `judge`.
    """
    entries = check_manual(manual)
    texts = usable_texts(completions, instrument)
    asked = [one for one in judges if not isinstance(one, str)]
    check_judges(asked, population, judged=[str(m) for m in completions["model_id"].unique()])
    names = names_of(population)
    authors = dict(zip(completions["completion_id"].astype(str), completions["model_id"].astype(str), strict=True))
    ids = [str(i) for i in completions["completion_id"] if str(i) in texts]
    planned = []
    for one in asked:
        model = resolve(one)
        groups = [[entry] for entry in entries] if one.ask == "each" else [entries]
        rubrics = [Rubric(group, one.anchors) for group in groups]
        chosen: dict[Kind, list[str]] = {
            "first": ids,
            "repeat": _share(ids, one.repeat, seed, one.id, "repeat"),
            "reworded": _share(ids, one.reworded, seed, one.id, "reworded"),
        }
        for kind, mine in chosen.items():
            for completion_id in mine:
                stem, completion = texts[completion_id]
                author = authors[completion_id]
                for rubric in rubrics:
                    ask = partial(
                        request_for,
                        model,
                        one,
                        rubric,
                        completion_id=completion_id,
                        stem=stem,
                        completion=completion,
                        hide=names.get(author, [author]),
                        seed=seed,
                        kind=kind,
                    )
                    request, scales = ask()
                    planned.append(JudgeItem(model, completion_id, scales, request, kind, partial(ask, attempt=2)))
    return planned


def _share(ids: Sequence[str], share: float, seed: int, judge_id: str, why: str) -> list[str]:
    """A part of the completions that does not change when others are added, but for its size; in the order of `ids`."""
    n = round(share * len(ids))
    drawn = sorted(ids, key=lambda i: (call_seed(seed, judge_id, i, why), i))[:n] if n else []
    kept = set(drawn)
    return [i for i in ids if i in kept]


def names_of(population: Sequence[Model]) -> dict[str, list[str]]:
    """Return model id -> the names that would tell a judge who wrote a completion."""
    return {model.id: [n for n in (model.id, model.entry.name, model.endpoint_model) if n] for model in population}


def check_judges(judges: Sequence[Judge], population: Sequence[Model] = (), *, judged: Sequence[str] = ()) -> None:
    """Raise `StudyFileError` if a judge judges itself without `allow_self`, or its family against `allow_family: false`.

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
        if not isinstance(one, JudgeSettings):
            continue
        model = resolve(one)
        twin = places.get((model.endpoint, model.endpoint_model))
        if twin is None and one.id in judged and one.id not in known:
            twin = one.id
        if twin is not None and not one.allow_self:
            raise StudyFileError(
                f"judges: '{one.id}' is the judged model '{twin}'; a model favours its own texts.",
                "Give another judge, or ask for it with 'allow_self: true'.",
            )
        kin = [m.id for m in kin_of(model, population) if m.id != twin]
        if kin and not one.allow_family:
            raise StudyFileError(
                f"judges: '{one.id}' is of the family of the judged model '{kin[0]}' ({model.entry.family}).",
                "Give a judge of another family, or leave 'allow_family: false' out.",
            )


def kin_of(judge: Model, population: Sequence[Model]) -> list[Model]:
    """Return the judged models of a judge's family; none where the family is not known."""
    family = judge.entry.family
    return [model for model in population if family is not None and model.entry.family == family]


def check_items(completions: pd.DataFrame, instrument: pd.DataFrame) -> None:
    """Raise `DataError` if a completion's item is not in the instrument."""
    unknown = sorted(set(completions["item_id"].astype(str)) - set(instrument["item_id"].astype(str)))
    if unknown:
        raise DataError(
            f"The completions name {len(unknown)} items that the instrument does not hold, such as '{unknown[0]}'.",
            "Give the instrument that the completions were made with.",
        )


def usable_texts(completions: pd.DataFrame, instrument: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return completion id -> stem and completion, for every completion that can be judged.

    Raises
    ------
    DataError
        If a completion's item is not in the instrument.
    """
    stems = dict(zip(instrument["item_id"].astype(str), instrument["stem"].astype(str), strict=True))
    check_items(completions, instrument)
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
