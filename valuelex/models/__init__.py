"""Floor 2: talking to language models. One client for every OpenAI-compatible endpoint; embedded models are such endpoints."""

from valuelex.models.artifacts import cache_folder, embedding_files, is_here, locate
from valuelex.models.calling import Budget, Caller, Progress, RunningSettings, spent_in
from valuelex.models.engines import EmbeddedEngine, EndpointEngine, ReplayEngine, key_from_environment
from valuelex.models.ledger import Ledger
from valuelex.models.lineage import MatchedPair, matched_pairs
from valuelex.models.population import Model, ModelSettings, PopulationSettings, facts, resolve, setting_id
from valuelex.models.registry import Artifact, EmbeddingEntry, ModelEntry, Price, Registry, registry
from valuelex.models.request import Engine, NotNow, Request, Response

__all__ = [
    "Artifact",
    "Budget",
    "Caller",
    "EmbeddedEngine",
    "EmbeddingEntry",
    "EndpointEngine",
    "Engine",
    "Ledger",
    "MatchedPair",
    "Model",
    "ModelEntry",
    "ModelSettings",
    "NotNow",
    "PopulationSettings",
    "Price",
    "Progress",
    "Registry",
    "ReplayEngine",
    "Request",
    "Response",
    "RunningSettings",
    "cache_folder",
    "embedding_files",
    "facts",
    "is_here",
    "key_from_environment",
    "locate",
    "matched_pairs",
    "registry",
    "resolve",
    "setting_id",
    "spent_in",
]
