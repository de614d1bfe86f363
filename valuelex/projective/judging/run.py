"""The step ``valuelex judge``: every judge scores every completion on every scale -> the table `judgements`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from valuelex.errors import DataError
from valuelex.models import Caller, Model
from valuelex.projective.judging.asking import ask
from valuelex.projective.judging.embedded import AnchorScorer
from valuelex.projective.judging.llm import Verdict
from valuelex.projective.judging.plan import plan_judge, usable_texts
from valuelex.projective.manual import check_manual
from valuelex.projective.settings import Judge, judge_id
from valuelex.tables import frame


def judge(
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    manual: Mapping[str, Any],
    *,
    judges: Sequence[Judge],
    seed: int,
    caller: Caller,
    scorer: AnchorScorer | None = None,
    population: Sequence[Model] = (),
) -> dict[str, pd.DataFrame]:
    """Return the table `judgements`: one row per completion, judge and scale, in the order of judges and completions.

    Beside it the tables `judge_repeats` (what LLM judges said when asked again) and `judge_replies` (what could not be read).
    A completion whose status is not "ok" is not put to any judge: it has no score, is not applicable, and its rationale is the
    status. A reply that cannot be read is asked for once more; if that fails too, there is no score and the rationale is
    "unparsable: ...". No row is ever left out.

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
    scorer : AnchorScorer, optional
        The embedded judge, of the same manual.
    population : sequence of Model, optional
        The judged models, where they are known: judges are checked against them, and their names are hidden.

    Raises
    ------
    StudyFileError
        If a judge is one of the judged models and does not say `allow_self`, or is of their family against `allow_family`.
    DataError
        If a completion's item is not in the instrument, the manual lacks anchors, or the scorer is missing.
    EndpointError
        When a judge's endpoint cannot answer; what was answered is in the caller's ledger.
    """
    planned = plan_judge(completions, instrument, manual, judges=judges, seed=seed, population=population)
    texts = usable_texts(completions, instrument)
    scales = [str(entry["subdimension"]) for entry in check_manual(manual)]
    asked = ask(planned, caller)
    rows: list[dict[str, Any]] = []
    for one in judges:
        if isinstance(one, str):
            if scorer is None:
                raise DataError(
                    "The embedded judge needs a scorer.",
                    "Pass scorer=AnchorScorer(manual, embedder, reader), or leave it out of 'judges'.",
                )
            found = _embedded(completions, texts, scorer)
        else:
            found = {(c, s): v for (j, kind, c, s), v in asked.verdicts.items() if j == one.id and kind == "first"}
        for completion_id, status in zip(completions["completion_id"], completions["status"], strict=True):
            why = "invalid" if status == "ok" else str(status)  # an outside table may call an empty text ok
            for scale in scales:
                verdict = found.get((completion_id, scale), Verdict(None, False, why))
                place = {"completion_id": completion_id, "judge_id": judge_id(one), "dimension": scale}
                rows.append(place | _told(verdict))
    again = [
        {"completion_id": c, "judge_id": j, "kind": kind, "dimension": scale} | _told(verdict)
        for (j, kind, c, scale), verdict in asked.verdicts.items()
        if kind != "first"
    ]
    return {
        "judgements": frame("judgements", rows),
        "judge_repeats": frame("judge_repeats", again),
        "judge_replies": frame("judge_replies", asked.replies),
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "score": verdict.score,
        "applicable": verdict.applicable,
        "rationale": verdict.rationale,
        "position": verdict.position,
    }


def _embedded(
    completions: pd.DataFrame, texts: Mapping[str, tuple[str, str]], scorer: AnchorScorer
) -> dict[tuple[str, str], Verdict]:
    ids = [str(i) for i in completions["completion_id"] if str(i) in texts]
    scores = scorer.score([texts[i][1] for i in ids], [texts[i][0] for i in ids])
    found = {}
    for n, completion_id in enumerate(ids):
        for s, scale in enumerate(scorer.scales):
            applicable = bool(scores.applicable[n, s])
            level = float(scores.level[n, s]) if applicable else None
            found[completion_id, scale] = Verdict(level, applicable, scores.rationale[n][s])
    return found
