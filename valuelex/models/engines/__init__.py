"""Whoever answers a request: an OpenAI-compatible endpoint, a model that runs here, a replayed ledger."""

from valuelex.models.engines.embedded import EmbeddedEngine
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.engines.in_process import InProcessEngine
from valuelex.models.engines.keys import key_from_environment
from valuelex.models.engines.replay import ReplayEngine

__all__ = ["EmbeddedEngine", "EndpointEngine", "InProcessEngine", "ReplayEngine", "key_from_environment"]
