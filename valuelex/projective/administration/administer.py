"""The step ``valuelex administer``: every model completes every stem -> the table `completions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.models import Caller, Model, Request, Response, setting_id
from valuelex.models.answers import LONGEST, classify, inert
from valuelex.models.seeds import call_seed, short_id
from valuelex.projective.administration.leakage import human_phrase
from valuelex.projective.settings import AdministrationSettings
from valuelex.projective.text import bare, first_sentences, strip_echo
from valuelex.tables import frame

BASE_SENTENCES = 2
"""A pretrained model does not know where to stop: so many sentences of its line count, unless the study says otherwise."""


@dataclass(frozen=True)
class Item:
    """One planned completion."""

    model: Model
    respondent_id: str
    item_id: str
    stem: str
    sample: int
    position: int
    request: Request

    @property
    def completion_id(self) -> str:
        return short_id(self.item_id, self.respondent_id, self.sample)


def plan(
    instrument: pd.DataFrame, population: Sequence[Model], settings: AdministrationSettings, *, seed: int
) -> list[Item]:
    """Return every call of the administration: model, then sample, then the items in an order of that model and sample.

    Calls are independent of one another; the random order spreads whatever drifts while an endpoint is asked. A call's seed
    depends on stem, model and sample, so that a longer instrument keeps the answers that a shorter one has paid for.
    """
    return list(_items(instrument, population, settings, seed))


def _items(
    instrument: pd.DataFrame, population: Sequence[Model], settings: AdministrationSettings, seed: int
) -> Iterator[Item]:
    pairs = [(str(i), bare(str(stem))) for i, stem in zip(instrument["item_id"], instrument["stem"], strict=True)]
    first: dict[str, str] = {}
    for item_id, stem in pairs:
        if first.setdefault(stem, item_id) != item_id:
            raise DataError(
                f"instrument: items {first[stem]} and {item_id} have the same stem.",
                "One completion cannot count as two: keep one of the items (every completion is judged on every scale anyway).",
            )
    for model in population:
        respondent = f"{model.id}/{setting_id(settings.temperature, settings.top_p)}"
        chat = model.mode == "chat"
        for sample in range(settings.samples):
            order = np.random.default_rng(call_seed(seed, respondent, "order", sample)).permutation(len(pairs))
            for position, (item_id, stem) in enumerate((pairs[i] for i in order), start=1):
                request = Request(
                    model_id=model.id,
                    endpoint=model.endpoint,
                    endpoint_model=model.endpoint_model,
                    mode=model.mode,
                    messages=(("user", settings.instruction.replace("{stem}", stem)),) if chat else (),
                    prompt="" if chat else settings.base_frame.replace("{stem}", stem),
                    temperature=settings.temperature,
                    top_p=settings.top_p,
                    max_tokens=settings.max_tokens,
                    seed=model.seed(call_seed(seed, respondent, stem, sample)),
                    sample_index=sample,
                    stop=() if chat else ("\n",),
                    extra=dict(model.sampling),
                )
                yield Item(model, respondent, item_id, stem, sample, position, request)


def administer(
    instrument: pd.DataFrame,
    population: Sequence[Model],
    settings: AdministrationSettings,
    *,
    seed: int,
    caller: Caller,
) -> dict[str, pd.DataFrame]:
    """Have every model complete every stem and return the table `completions`, in the order of the plan.

    Parameters
    ----------
    instrument : DataFrame
        At least item_id and stem.
    population : sequence of Model
        Whom to ask; each is one respondent, ``model/t0.7/p0.95``.
    settings : AdministrationSettings
    seed : int
        Of the order of items and of the calls.
    caller : Caller
        Holds the ledger.

    Raises
    ------
    EndpointError
        When an endpoint cannot answer; what was answered is in the caller's ledger.
    """
    rows = []
    groups = [
        list(g) for _, g in groupby(plan(instrument, population, settings, seed=seed), lambda item: item.model.id)
    ]
    asked = [(items[0].model, [item.request for item in items]) for items in groups]
    for items, answers in zip(groups, caller.gather("administer", asked), strict=True):
        for item, response in zip(items, answers, strict=True):
            base = item.request.mode == "completion"
            text, status, reason = read_answer(
                item.stem, response, sentences=settings.sentences or (BASE_SENTENCES if base else None)
            )
            human = human_phrase(text) if status == "ok" else None
            if human and settings.human_persona == "leave_out":
                status, reason = "invalid", f"speaks as a person: {human}"
            rows.append(
                {
                    "completion_id": item.completion_id,
                    "item_id": item.item_id,
                    "respondent_id": item.respondent_id,
                    "model_id": item.model.id,
                    "sample_index": item.sample,
                    "position": item.position,
                    "frame": "base" if base else "chat",
                    "text": text,
                    "status": status,
                    "status_reason": reason,
                    "human": human,
                    "seed": item.request.seed,
                    "n_tokens_in": response.n_tokens_in,
                    "n_tokens_out": response.n_tokens_out,
                    "latency_s": round(response.latency_s, 3),
                }
            )
    return {"completions": frame("completions", rows)}


def read_answer(stem: str, response: Response, *, sentences: int | None) -> tuple[str, str, str | None]:
    """Return completion, status and reason: the stem's echo is taken off, and what follows the first `sentences` is cut."""
    text = inert(response.text)
    if len(text) > LONGEST:
        return text[:LONGEST], "invalid", f"longer than {LONGEST:,} characters; whole in the ledger"
    text = strip_echo(stem, text)
    kept = text if sentences is None else first_sentences(text, sentences)
    status, reason = classify(replace(response, text=kept))
    reason = reason and inert(reason)
    if kept != text and status == "ok":
        # What is cut includes the part that max_tokens cut off.
        reason = f"cut to {sentences} sentence{'s' if sentences != 1 else ''}"
    return kept, status, reason
