"""Are there enough answers? The tables `saturation` and `richness`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.lexicon.incidence import Incidence
from valuelex.psychometrics import RichnessResult, chao1, richness
from valuelex.tables import frame

METHOD = (
    "words that count as values, rare ones too; sampling unit: a usable answer; coverage for incidences (Chao et al. 2014) "
    "with the interval of Esty (1983); Chao1 and Chao2 (Chao 1987), {form}, log-normal intervals"
)


def saturation(data: Incidence) -> dict[str, pd.DataFrame]:
    """Return the tables `saturation` and `richness`, by model and for all, per mode of asking.

    Coverage is that of the accepted words before the minimum of respondents sets rare ones aside: those are the singletons that
    it is estimated from.
    """
    curves: list[pd.DataFrame] = []
    rows: list[dict[str, Any]] = []
    for mode in data.modes():
        part = data.of_mode(mode)
        for model, chosen in part.groups():
            counts = part.frequencies(chosen)[part.accepted]
            found = richness(counts, n_units=int(chosen.sum()))
            curves.append(found.curve.assign(model_id=model, elicitation=mode))
            rows.append(_row(model, mode, found, counts))
    if not curves:
        return {"saturation": frame("saturation", []), "richness": frame("richness", [])}
    curve = pd.concat(curves, ignore_index=True).rename(columns={"size": "n_answers"})
    return {"saturation": frame("saturation", curve), "richness": frame("richness", rows)}


def _row(model: str, mode: str, found: RichnessResult, counts: Any) -> dict[str, Any]:
    once, again = chao1(counts), found.chao2
    assert again is not None  # units were given
    cover = found.coverage
    return {
        "model_id": model,
        "elicitation": mode,
        "n_answers": found.n_units,
        "n_words": found.n,
        "observed": found.observed,
        "singletons": found.singletons,
        "doubletons": found.doubletons,
        "coverage": _or_none(cover.estimate),
        "coverage_low": _or_none(cover.low),
        "coverage_high": _or_none(cover.high),
        "chao1": _or_none(once.estimate),
        "chao1_low": _or_none(once.low),
        "chao1_high": _or_none(once.high),
        "chao2": _or_none(again.estimate),
        "chao2_low": _or_none(again.low),
        "chao2_high": _or_none(again.high),
        "method": METHOD.format(form=f"{again.form} form"),
    }


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
