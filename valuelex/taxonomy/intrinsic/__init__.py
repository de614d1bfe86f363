"""The structure of words inside one model: its own log-probabilities as similarities, and factors of them.

Here the floor below meets itself: `semantics` knows what to make of log-probabilities, `models` how to get them.
"""

from valuelex.taxonomy.intrinsic.factors import recovery, similarity_factors
from valuelex.taxonomy.intrinsic.number import SplitHalf, split_half
from valuelex.taxonomy.intrinsic.profiles import Profiles, choose_models, frames_of, read_profiles, texts_per_word
from valuelex.taxonomy.intrinsic.scorer import ModelScorer

__all__ = [
    "ModelScorer",
    "Profiles",
    "SplitHalf",
    "choose_models",
    "frames_of",
    "read_profiles",
    "recovery",
    "similarity_factors",
    "split_half",
    "texts_per_word",
]
