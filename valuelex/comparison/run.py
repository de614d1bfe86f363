"""The step: scores of completions -> contrasts between models."""

from __future__ import annotations

import pandas as pd

from valuelex.comparison.contrasts import compare
from valuelex.comparison.settings import ComparisonSettings


def run(scored: pd.DataFrame, *, facts: pd.DataFrame, settings: ComparisonSettings) -> dict[str, pd.DataFrame]:
    """Return the table `comparisons`.

    Parameters
    ----------
    scored : DataFrame
        The table `completion_scores`.
    facts : DataFrame
        The registry's facts, one row per model, indexed by model_id. Models that it lacks have no covariates.
    """
    facts = facts.reindex(sorted(set(facts.index) | set(scored["model_id"].astype(str))))
    return {"comparisons": compare(scored, facts, settings)}
