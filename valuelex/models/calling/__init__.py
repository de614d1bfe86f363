"""Carrying out many requests: in what order, how many at once, at what price, and when to stop."""

from valuelex.models.calling.budget import Budget, spent_in
from valuelex.models.calling.caller import Caller
from valuelex.models.calling.progress import Progress
from valuelex.models.calling.settings import RunningSettings

__all__ = ["Budget", "Caller", "Progress", "RunningSettings", "spent_in"]
