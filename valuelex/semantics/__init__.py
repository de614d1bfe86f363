"""Floor 2: meaning as numbers. Embeddings of words and sentences, clusters of them, and how stable the clusters are."""

from valuelex.semantics.cluster import Clusters, cluster, stability, word_map
from valuelex.semantics.embed import Embedder, OnnxEmbedder, SentenceTransformerEmbedder

__all__ = [
    "Clusters",
    "Embedder",
    "OnnxEmbedder",
    "SentenceTransformerEmbedder",
    "cluster",
    "stability",
    "word_map",
]
