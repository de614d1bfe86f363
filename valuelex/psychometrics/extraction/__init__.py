"""Step 4: extraction of k factors from a correlation matrix. Array core."""

from valuelex.psychometrics.extraction.factors import METHODS, extract
from valuelex.psychometrics.extraction.solution import Extraction

__all__ = ["METHODS", "Extraction", "extract"]
