"""Floor 2: meaning as numbers. Embeddings of words and sentences, clusters of them, and how stable the clusters are."""

from valuelex.semantics.bought import EndpointEmbedder
from valuelex.semantics.choose import ClusterNumbers, choose_k
from valuelex.semantics.cluster import Clusters, cluster, word_map
from valuelex.semantics.embed import Embedder, OnnxEmbedder, SentenceTransformerEmbedder
from valuelex.semantics.hidden import HiddenStates, Passage
from valuelex.semantics.intrinsic import ADJECTIVE_FRAMES, VALUE_FRAMES, IntrinsicDetails, intrinsic_similarity
from valuelex.semantics.precomputed import PrecomputedEmbedder
from valuelex.semantics.stability import resampling, stability

__all__ = [
    "ADJECTIVE_FRAMES",
    "VALUE_FRAMES",
    "ClusterNumbers",
    "Clusters",
    "Embedder",
    "EndpointEmbedder",
    "HiddenStates",
    "IntrinsicDetails",
    "OnnxEmbedder",
    "Passage",
    "PrecomputedEmbedder",
    "SentenceTransformerEmbedder",
    "choose_k",
    "cluster",
    "intrinsic_similarity",
    "resampling",
    "stability",
    "word_map",
]
