"""Whoever answers a request: an OpenAI-compatible endpoint, an embedded model, a replayed ledger."""

from valuelex.models.engines.embedded import EmbeddedEngine
from valuelex.models.engines.endpoint import EndpointEngine, key_from_environment
from valuelex.models.engines.replay import ReplayEngine

__all__ = ["EmbeddedEngine", "EndpointEngine", "ReplayEngine", "key_from_environment"]
