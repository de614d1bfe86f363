"""The words of a value lexicon as a table, where no model is asked to name any."""

from __future__ import annotations

import numpy as np
import pandas as pd

from valuelex.lexicon.normalise import ValueLexicon
from valuelex.tables import frame


def unasked(lexicon: ValueLexicon, most: int, *, seed: int) -> pd.DataFrame:
    """Return words of a value lexicon as the table `lexicon`, with counts of 0: nobody was asked.

    Parameters
    ----------
    lexicon : ValueLexicon
    most : int
        A larger lexicon is drawn from at random.
    seed : int
        Of the draw.
    """
    words = list(lexicon.glosses)
    if len(words) > most:
        chosen = np.random.default_rng(seed).choice(len(words), most, replace=False)
        words = [words[i] for i in sorted(chosen)]
    counts = dict.fromkeys(("n_responses", "n_respondents", "n_models"), 0)
    rows = [
        {"word": word, "variants": word, **counts, "gloss": lexicon.glosses[word], "source": "value lexicon"}
        for word in words
    ]
    return frame("lexicon", rows)
