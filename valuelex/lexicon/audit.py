"""What the user's own files did: the tables `overrides` (how often each row fired) and `languages` (what was not English)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from valuelex.lexicon.chunks import Readings
from valuelex.lexicon.mappings import Override
from valuelex.lexicon.normalise import OVERRIDE, TRANSLATION
from valuelex.lexicon.reading import FOREIGN
from valuelex.tables import frame


def overrides_used(readings: Readings, overrides: Mapping[str, Override]) -> pd.DataFrame:
    """Return the table `overrides`: one row per override, also of those that never fired."""
    times: dict[str, int] = {}
    counts = np.bincount(readings.codes, minlength=len(readings.entries))
    for entry, n in zip(readings.entries, counts.tolist(), strict=True):
        if n and entry.rule is not None and OVERRIDE in entry.rule.split(" + "):
            times[str(entry.lemma)] = times.get(str(entry.lemma), 0) + n
    return frame(
        "overrides",
        [
            {"form": form, "word": one.word, "reason": one.reason or None, "n_words": times.get(form, 0)}
            for form, one in overrides.items()
        ],
    )


def languages(readings: Readings, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the table `languages`: per language of the answers what was read, translated and set aside.

    Parameters
    ----------
    readings : Readings
    answers : DataFrame
        Their rows of `responses`, in the same order.
    """
    codes, names = pd.factorize(answers["language"].astype(object).fillna("en"), sort=True)
    translated = np.array([TRANSLATION in str(entry.rule) for entry in readings.entries], dtype=bool)
    foreign = np.array([entry.reason.startswith(FOREIGN) for entry in readings.entries], dtype=bool)
    kept = np.array([bool(entry.kept) for entry in readings.entries], dtype=bool)
    of_answer = codes[readings.owners] if readings.codes.size else np.zeros(0, dtype=np.int64)
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(names):
        mine = readings.codes[of_answer == i]
        rows.append(
            {
                "language": str(name),
                "n_answers": int(np.sum(codes == i)),
                "n_pieces": int(mine.size),
                "n_kept": int(kept[mine].sum()),
                "n_translated": int(translated[mine].sum()),
                "n_set_aside": int(foreign[mine].sum()),
            }
        )
    return frame("languages", rows)
