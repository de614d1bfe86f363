"""LLM judges: one call with all scales or one a scale, the rubric of every other judge, a structured reply, strictly read.

The judge does not see which model wrote the completion, and the completion stands fenced between marks that it cannot know:
it is a text to be judged, whatever it says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from valuelex.models import Model, Request, Response
from valuelex.models.answers import inert
from valuelex.models.seeds import call_seed, short_id
from valuelex.projective.judging.rubric import TEXT, Rubric, held_to
from valuelex.projective.manual import LEVELS
from valuelex.projective.settings import JudgeSettings
from valuelex.projective.text import sentence, without_names

RATIONALE_CHARACTERS = 500
"""A longer rationale is cut; the whole reply is in the ledger."""
UNPARSABLE = "unparsable: "
"""What the rationale of a verdict begins with that could not be read."""
ENDPOINT_ERROR = "error: "
"""The same for a reply that the endpoint refused to give."""

Kind = Literal["first", "repeat", "reworded"]
"""Why a completion is judged: for its score, to try the judge against itself, or against the rubric's other wording."""


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one completion on one scale."""

    score: float | None
    applicable: bool
    rationale: str
    position: int | None = None

    @property
    def unreadable(self) -> bool:
        """Whether this stands for a reply that could not be read."""
        return self.rationale.startswith(UNPARSABLE)


def judge_tokens(settings: JudgeSettings, n_scales: int) -> int:
    """Return the longest reply allowed: as set, and 60 more for every scale beyond six."""
    return settings.max_tokens + 60 * max(0, n_scales - 6)


def request_for(
    model: Model,
    settings: JudgeSettings,
    rubric: Rubric,
    *,
    completion_id: str,
    stem: str,
    completion: str,
    hide: Sequence[str],
    seed: int,
    kind: Kind = "first",
    attempt: int = 1,
) -> tuple[Request, list[str]]:
    """Return the call that judges one completion, and the scales in the order in which it asks for them (s1, s2, ...).

    Parameters
    ----------
    model, settings
        The judge.
    rubric : Rubric
        Of the scales that are asked for.
    completion_id, stem, completion : str
        What is judged.
    hide : sequence of str
        Names of the judged model, replaced in the text by "[model]".
    seed : int
        Of the scales' order, which differs from completion to completion, so that no scale profits from its place.
    kind : {"first", "repeat", "reworded"}
        A repetition draws order, mark and seed anew; the other wording keeps them, so that only the wording differs.
    attempt : int
        1, or 2 after a reply that could not be read: all that is drawn is drawn anew, since a judge at temperature 0 would
        give the same reply to the same question.
    """
    place: list[str | int] = [settings.id, completion_id]
    if settings.ask == "each":
        place.append(rubric.scales[0])
    if kind == "repeat":
        place.append(kind)
    if attempt > 1:
        place.append(f"attempt {attempt}")
    order = np.random.default_rng(call_seed(seed, *place, "order of scales")).permutation(len(rubric.scales)).tolist()
    text = without_names(sentence(stem, completion), hide)
    fence = f"=== {short_id(seed, *place, 'fence')} ==="
    reworded = (settings.rubric == "paraphrase") != (kind == "reworded")
    system, user = rubric.text(order, reworded=reworded), TEXT.format(fence=fence, text=text)
    chat = model.mode == "chat"
    request = Request(
        model_id=model.id,
        endpoint=model.endpoint,
        endpoint_model=model.endpoint_model,
        mode=model.mode,
        messages=(("system", system), ("user", user)) if chat else (),
        prompt="" if chat else f"{system}\n\n{user}\n\nJSON: ",
        temperature=settings.temperature,
        max_tokens=judge_tokens(settings, len(rubric.scales)),
        seed=model.seed(call_seed(seed, *place)),
        sample_index=int(kind == "repeat") + 2 * (attempt - 1),
        extra={**model.sampling, **held_to(len(order), model.structured)},
    )
    return request, [rubric.scales[i] for i in order]


def read_reply(response: Response, scales: Sequence[str]) -> dict[str, Verdict]:
    """Return a verdict for every scale; what cannot be read becomes a verdict without a score that says why.

    Parameters
    ----------
    response : Response
        The judge's reply.
    scales : sequence of str
        In the order in which they were asked for.
    """
    if response.status == "error":
        return _all(scales, f"{ENDPOINT_ERROR}{response.error or 'the endpoint gave no reason'}")
    try:
        reply = _object(response.text)
    except (ValueError, RecursionError) as error:
        cut = response.finish_reason == "length"
        return _all(scales, f"{UNPARSABLE}{'cut off at max_tokens' if cut else str(error)[:200]}")
    expected = [f"s{n}" for n in range(1, len(scales) + 1)]
    unknown = [key for key in reply if key not in expected]
    if unknown:
        return _all(scales, f"{UNPARSABLE}unknown key {str(unknown[0])[:50]!r}")
    return {
        scale: replace(_verdict(reply.get(key)), position=n)
        for n, (key, scale) in enumerate(zip(expected, scales, strict=True), start=1)
    }


def _all(scales: Sequence[str], reason: str) -> dict[str, Verdict]:
    return {scale: Verdict(None, False, inert(reason), n) for n, scale in enumerate(scales, start=1)}


def _object(text: str) -> dict[str, Any]:
    """Return the one JSON object of a reply; what may stand around it is white space, a code fence and prose without braces."""
    start = text.find("{")
    if start < 0:
        raise ValueError("no JSON object")
    decoder = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    try:
        found, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg})") from error
    if "{" in text[end:]:
        raise ValueError("more than one JSON object")
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise ValueError("a key stands more than once")
    return out


def _no_constants(name: str) -> None:
    raise ValueError(f"{name} is no score")


def _verdict(value: Any) -> Verdict:
    if value is None:
        return Verdict(None, False, f"{UNPARSABLE}no verdict on this scale")
    if not isinstance(value, dict) or set(value) != {"rationale", "applicable", "score"}:
        return Verdict(None, False, f"{UNPARSABLE}a verdict holds rationale, applicable and score")
    rationale, applicable, score = value["rationale"], value["applicable"], value["score"]
    if not isinstance(applicable, bool) or not isinstance(rationale, str):
        return Verdict(None, False, f"{UNPARSABLE}applicable is no true or false, or rationale no text")
    if score is not None and (isinstance(score, bool) or score not in LEVELS):
        return Verdict(None, False, f"{UNPARSABLE}{str(score)[:50]!r} is no score from 0 to 6")
    if applicable != (score is not None):
        return Verdict(None, False, f"{UNPARSABLE}a score goes with applicable, and only with it")
    return Verdict(None if score is None else float(score), applicable, inert(rationale[:RATIONALE_CHARACTERS]))
