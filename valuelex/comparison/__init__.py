"""Step 7, ``valuelex compare``: do models differ, on what, and is it more than noise?"""

from valuelex.comparison.contrasts import Contrast, compare, contrasts, holm
from valuelex.comparison.run import run
from valuelex.comparison.settings import ComparisonSettings

__all__ = [
    "ComparisonSettings",
    "Contrast",
    "compare",
    "contrasts",
    "holm",
    "run",
]
