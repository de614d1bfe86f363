"""What models name: how many values, and whether the same ones whatever the wording of the question."""

from __future__ import annotations

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.scored import Scored
from valuelex.errors import DataError

ORDERS = {"diversity_0": 0, "diversity": 1, "diversity_2": 2}
"""Trait -> order of the Hill number."""
WORDINGS = "prompt_overlap"
_COUNTED = {
    0: "number of different value words (Hill number of order 0)",
    1: "effective number of value words (Hill number of order 1)",
    2: "effective number of very common value words (Hill number of order 2)",
}
FEWEST_ANSWERS = 10
"""Answers with a value word from which on a model's diversity is estimated."""


def named(words: pd.DataFrame, responses: pd.DataFrame | None = None, *, seed: int = 0) -> dict[str, Scored]:
    """Return what can be said of the words that models named, each as scores of one dimension.

    Parameters
    ----------
    words : DataFrame
        The table `words`; words that were kept count, each once an answer. Models with fewer than ten such answers are left
        out.
    responses : DataFrame, optional
        The table `responses`, for the prompt that was answered, where `words` does not say it.
    seed : int
        Of the division of many answers into groups.
    """
    kept = words[words["kept"].fillna(False).astype(bool) & words["word"].notna()]
    tables = {
        str(model): pd.crosstab(rows["response_id"].astype(str), rows["word"].astype(str)).clip(upper=1)
        for model, rows in kept.groupby("model_id", sort=True)
    }
    tables = {model: units for model, units in tables.items() if len(units) >= FEWEST_ANSWERS}
    prompts = _prompts(kept, responses)
    overlap = None if prompts is None else _wordings(tables, prompts)
    return _diversity(tables, seed) | ({} if overlap is None else {WORDINGS: overlap})


def _diversity(tables: dict[str, pd.DataFrame], seed: int) -> dict[str, Scored]:
    """Hill numbers of every model, in as many answers as the model with fewest has."""
    if not tables:
        return {}
    size = min(len(units) for units in tables.values())
    orders = list(ORDERS.values())
    found = {
        model: pm.hill_numbers(units.to_numpy(), orders=orders, size=size, seed=seed) for model, units in tables.items()
    }
    out: dict[str, Scored] = {}
    for name, order in ORDERS.items():
        rows = {
            model: (*one.numbers.loc[order, ["expected", "se"]].astype(float), one.settings["groups"] - 1)
            for model, one in found.items()
        }
        out[name] = _independent(name, rows, f"{_COUNTED[order]}, rarefied to {size} answers of every model")
    return out


def _wordings(tables: dict[str, pd.DataFrame], prompts: pd.Series) -> Scored | None:
    """Value words that answers to different prompts share, as a share of what answers to one prompt share."""
    rows, most = {}, 0
    for model, units in tables.items():
        asked = prompts.reindex(units.index).dropna()
        try:
            found = pm.morisita_overlap(units.loc[asked.index].to_numpy(), asked.to_numpy())
        except DataError:
            continue
        rows[model] = (found.overlap, found.se, found.settings["n_units"] - found.settings["n_groups"])
        most = max(most, found.settings["n_groups"])
    about = f"value words that answers to different prompts share, relative to answers to one prompt (Morisita), {most} prompts"
    return _independent(WORDINGS, rows, about) if rows else None


def _prompts(kept: pd.DataFrame, responses: pd.DataFrame | None) -> pd.Series | None:
    """Prompt of every answer, by response_id."""
    source = kept if "prompt_id" in kept.columns and kept["prompt_id"].notna().any() else responses
    if source is None or "prompt_id" not in source.columns:
        return None
    known = source.dropna(subset=["prompt_id"]).drop_duplicates("response_id")
    return pd.Series(known["prompt_id"].astype(str).to_numpy(), index=known["response_id"].astype(str))


def _independent(name: str, rows: dict[str, tuple[float, float, int]], about: str) -> Scored:
    """Values of models that share no answers: each has an error of its own."""
    values = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "se", "df"])
    sources = np.diag(values["se"].to_numpy(dtype=np.float64))[:, :, None]
    df = values[["df"]].to_numpy(dtype=np.float64)
    return Scored(
        values[["value"]].set_axis([name], axis=1), sources, len(rows), df, float("inf"), frozenset(), {name: about}
    )
