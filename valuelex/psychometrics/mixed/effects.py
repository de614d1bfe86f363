"""The random effects of the usual design: objects x items, with samples of each answer, and raters."""

from __future__ import annotations

import pandas as pd


def crossed_effects(
    ratings: pd.DataFrame,
    *,
    object: str = "model",
    item: str = "stem",
    sample: str = "sample",
    rater: str = "judge",
    kind: str = "valence",
    sampled_raters: bool = False,
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the random effects and the fixed covariates that these scores of one scale allow.

    Parameters
    ----------
    ratings : DataFrame
        One row a score, rows without a score left out.
    object, item, sample, rater, kind : str
        Columns; `kind` is the kind of item, fixed in advance, and may be empty.
    sampled_raters : bool
        Whether raters are a sample of raters, or these are all that scores are meant for (fixed).
    """
    raters = ratings[rater].nunique() > 1
    effects = {item: [item], f"{object} x {item}": [object, item], sample: [object, item, sample]}
    if raters:
        effects |= {f"{item} x {rater}": [item, rater], f"{object} x {item} x {rater}": [object, item, rater]}
    fixed = [kind] if ratings[kind].notna().all() and ratings[kind].nunique() > 1 else []
    if raters and sampled_raters:
        effects |= {rater: [rater], f"{object} x {rater}": [object, rater]}
    elif raters:
        fixed.append(rater)
    return effects, fixed
