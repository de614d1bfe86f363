"""Asking LLM judges: a reply that cannot be read is kept, counted, and asked for once more; nothing is ever guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from valuelex.models import Caller, Model, Request, Response
from valuelex.models.answers import inert
from valuelex.projective.judging.llm import Kind, Verdict, read_reply
from valuelex.projective.judging.plan import JudgeItem

TEXT_CHARACTERS = 2000
"""So much of a reply that cannot be read stands in the table `judge_replies`."""

Place = tuple[str, Kind, str, str]
"""Judge, kind, completion and scale."""


@dataclass(frozen=True)
class Asked:
    """What the judges said.

    Attributes
    ----------
    verdicts : dict
        (judge, kind, completion, scale) -> Verdict.
    replies : list of dict
        Rows of the table `judge_replies`: first those of the first attempt, then those of the second.
    """

    verdicts: dict[Place, Verdict] = field(default_factory=dict)
    replies: list[dict[str, Any]] = field(default_factory=list)


def ask(items: Sequence[JudgeItem], caller: Caller) -> Asked:
    """Ask all judges at the same time, and once more for each reply in which a scale cannot be read.

    What the first reply says readably stands; the second fills in what it left open.
    """
    found = Asked()
    again: list[tuple[JudgeItem, list[str], Request]] = []
    first = [(item, item.scales, item.request) for item in items]
    for item, scales, request, response in _gather(first, caller):
        verdicts = read_reply(response, scales)
        for scale, verdict in verdicts.items():
            found.verdicts[_place(item, scale)] = verdict
        if any(verdict.unreadable for verdict in verdicts.values()):
            found.replies.append(_row(item, request, response, verdicts, attempt=1))
            request, scales = item.again()
            again.append((item, scales, request))
    for item, scales, request, response in _gather(again, caller):
        verdicts = read_reply(response, scales)
        for scale, verdict in verdicts.items():
            if found.verdicts[_place(item, scale)].unreadable:
                found.verdicts[_place(item, scale)] = verdict
        if any(verdict.unreadable for verdict in verdicts.values()):
            found.replies.append(_row(item, request, response, verdicts, attempt=2))
    return found


_Call = tuple[JudgeItem, list[str], Request]


def _gather(calls: Sequence[_Call], caller: Caller) -> Iterable[tuple[JudgeItem, list[str], Request, Response]]:
    groups: dict[str, list[_Call]] = {}
    for call in calls:
        groups.setdefault(call[0].judge.id, []).append(call)
    asked: list[tuple[Model, list[Request]]] = [(mine[0][0].judge, [c[2] for c in mine]) for mine in groups.values()]
    if not asked:
        return
    for mine, answers in zip(groups.values(), caller.gather("judge", asked), strict=True):
        for (item, scales, request), response in zip(mine, answers, strict=True):
            yield item, scales, request, response


def _place(item: JudgeItem, scale: str) -> Place:
    return item.judge.id, item.kind, item.completion_id, scale


def _row(
    item: JudgeItem, request: Request, response: Response, verdicts: dict[str, Verdict], *, attempt: int
) -> dict[str, Any]:
    unreadable = {scale: verdict for scale, verdict in verdicts.items() if verdict.unreadable}
    return {
        "completion_id": item.completion_id,
        "judge_id": item.judge.id,
        "kind": item.kind,
        "scales": ", ".join(unreadable),
        "attempt": attempt,
        "reason": next(iter(unreadable.values())).rationale,
        "text": inert(response.text[:TEXT_CHARACTERS]),
        "key": request.key,
    }
