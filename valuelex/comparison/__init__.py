"""Step 7, ``valuelex compare``: do models differ, on what, and is it more than noise?"""

from valuelex.comparison.contrasts import Contrast, compare, contrasts, holm
from valuelex.comparison.reliability import reliability
from valuelex.comparison.run import run
from valuelex.comparison.scores import completion_scores, item_means, model_scores
from valuelex.comparison.settings import ComparisonSettings

__all__ = [
    "ComparisonSettings",
    "Contrast",
    "compare",
    "completion_scores",
    "contrasts",
    "holm",
    "item_means",
    "model_scores",
    "reliability",
    "run",
]
