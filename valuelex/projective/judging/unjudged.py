"""Which rows of the table `judgements` are no judgement: the completion was shown to nobody, or the reply could not be read."""

from __future__ import annotations

import pandas as pd

from valuelex.projective.judging.llm import ENDPOINT_ERROR, UNPARSABLE
from valuelex.projective.settings import HUMAN

STATUSES = ("refused", "invalid", "error")
"""Rationales of the step `judge` for a completion that no judge was shown."""


def unjudged(judgements: pd.DataFrame) -> pd.Series:
    """Return, for each row of the table `judgements` (n), whether it is no judgement: bool, shape (n,).

    A score is one. A person's comment and a language model's reason stand in the same column as what the step `judge` writes
    there, and may use its words: people judge whatever they rate, and what a language model said has its scale's place in the
    call.
    """
    told = judgements["rationale"].astype("string").fillna("")
    shown = judgements["position"].notna() if "position" in judgements else pd.Series(False, index=judgements.index)
    people = judgements["judge_id"].astype("string").str.startswith(HUMAN).fillna(False)
    nobody = told.isin(STATUSES) & ~shown
    unread = told.str.startswith((UNPARSABLE, ENDPOINT_ERROR))
    return ((nobody | unread) & ~people & judgements["score"].isna()).astype(bool)
