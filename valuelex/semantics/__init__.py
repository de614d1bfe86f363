"""Floor 2: meaning as numbers. Embeddings of words and sentences, clusters of them, and how stable the clusters are."""

from valuelex.semantics.choose import ClusterNumbers, choose_k
from valuelex.semantics.cluster import Clusters, cluster, word_map
from valuelex.semantics.embed import Embedder, OnnxEmbedder, SentenceTransformerEmbedder
from valuelex.semantics.stability import resampling, stability

__all__ = [
    "ClusterNumbers",
    "Clusters",
    "Embedder",
    "OnnxEmbedder",
    "SentenceTransformerEmbedder",
    "choose_k",
    "cluster",
    "resampling",
    "stability",
    "word_map",
]
