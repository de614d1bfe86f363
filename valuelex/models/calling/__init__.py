"""Carrying out many requests: in what order, how many at once, and when to stop."""

from valuelex.models.calling.caller import Caller, Progress

__all__ = ["Caller", "Progress"]
