"""Step 7, ``valuelex compare``: do models differ, on what, and is it more than noise?"""

from valuelex.comparison.run import TABLES, run
from valuelex.comparison.scales import read_scores
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings

__all__ = [
    "TABLES",
    "ComparisonSettings",
    "Scored",
    "read_scores",
    "run",
]
