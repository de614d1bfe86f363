"""Who was made from whom: matched pairs of models that differ in one thing, and the line a model comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from valuelex.models.population import Model
from valuelex.models.registry import registry

By = Literal["training", "size"]


@dataclass(frozen=True)
class MatchedPair:
    """Two models that differ in one thing.

    Attributes
    ----------
    first, second : str
        Ids: base and tuned, or smaller and larger.
    by : {"training", "size"}
    """

    first: str
    second: str
    by: By


def matched_pairs(models: Sequence[Model], by: By) -> list[MatchedPair]:
    """Return the matched pairs among some models.

    Parameters
    ----------
    models : sequence of Model
    by : {"training", "size"}
        training: a model and the one that it was tuned from, directly or over models in between, of the same size where
        both are known. size: two neighbours in size within a family and a kind of training.
    """
    return _by_training(models) if by == "training" else _by_size(models)


def _by_training(models: Sequence[Model]) -> list[MatchedPair]:
    there = {model.id: model for model in models}
    pairs = []
    for model in models:
        for origin in ancestors(model, models):
            base = there.get(origin)
            if base is not None and _same_size(base, model):
                pairs.append(MatchedPair(base.id, model.id, "training"))
                break
    return pairs


def _by_size(models: Sequence[Model]) -> list[MatchedPair]:
    groups: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for model in models:
        entry = model.entry
        if entry.family and entry.training and entry.parameters:
            groups.setdefault((entry.family, entry.training), []).append((entry.parameters, model.id))
    pairs = []
    for members in groups.values():
        members.sort()
        pairs += [MatchedPair(small, large, "size") for (a, small), (b, large) in pairwise(members) if a < b]
    return pairs


def ancestors(model: Model, others: Sequence[Model] = ()) -> list[str]:
    """Return the ids of the models that a model was tuned from, nearest first; a circle ends where it closes.

    The registry knows the steps in between; `others` are known as the study file describes them.
    """
    return line(model.id, {m.id: m.entry.tuned_from for m in (*others, model)})


def line(model: str, origins: Mapping[str, str | None]) -> list[str]:
    """The same by ids: `origins` is model -> what it was tuned from, and goes before the registry."""
    known = {entry.id: entry.tuned_from for entry in registry().models} | dict(origins)
    found: list[str] = []
    origin = known.get(model)
    while origin and origin not in found:
        found.append(origin)
        origin = known.get(origin)
    return found


def _same_size(a: Model, b: Model) -> bool:
    sizes = (a.entry.parameters, b.entry.parameters)
    return None in sizes or sizes[0] == sizes[1]
