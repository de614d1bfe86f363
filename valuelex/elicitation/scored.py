"""Log-probability mode: from the scores of all words under a frame to the words that count as named.

A word's score is its log-probability after the frame, less that after the neutral frame, divided by its number of tokens.
Taking the neutral frame out removes what makes a word likely anywhere: frequency, length, form (Holtzman et al., 2021,
"Surface form competition", domain-conditional pointwise mutual information, arXiv 2104.08315).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from valuelex.elicitation.plan import Item
from valuelex.models import Response

Baselines = Mapping[tuple[str, int, str | None], Response]


def baselines(items: Sequence[Item], answers: Sequence[Response]) -> Baselines:
    """Return the answers under neutral frames, by respondent, order and examples."""
    return {
        (i.respondent.id, i.wording.order, i.wording.examples): answer
        for i, answer in zip(items, answers, strict=True)
        if i.baseline
    }


def score_rows(item: Item, answer: Response, neutral: Baselines) -> list[dict[str, Any]]:
    """Return the rows of `word_scores` of one frame, best word first; none where the frame could not be scored."""
    base = neutral.get((item.respondent.id, item.wording.order, item.wording.examples))
    taken_out = {w["word"]: w["logprob"] for w in (base.logprobs or [] if base else [])}
    rows = []
    for entry in answer.logprobs or []:
        baseline = taken_out.get(entry["word"])
        score = (entry["logprob"] - (baseline or 0.0)) / entry["n_tokens"]
        rows.append(
            {
                "response_id": item.response_id,
                "word": entry["word"],
                "logprob": entry["logprob"],
                "n_tokens": entry["n_tokens"],
                "baseline": baseline,
                "score": round(score, 6),
            }
        )
    rows.sort(key=lambda row: (-row["score"], row["word"]))
    return [row | {"rank": rank} for rank, row in enumerate(rows, start=1)]


def named(rows: Sequence[Mapping[str, Any]], n: int) -> str:
    """Return the `n` best words as the text of an answer, so that all modes meet in the same tables."""
    return ", ".join(str(row["word"]) for row in rows[:n])
