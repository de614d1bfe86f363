"""Other programs, each one file: a function that takes a result and returns an `Outcome`. A new one gets a line here."""

from __future__ import annotations

from collections.abc import Callable

from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover.engines import factor_analyzer, r
from valuelex.psychometrics.handover.engines.outcome import Outcome

ENGINES: dict[str, Callable[[EFAResult, float], Outcome]] = {
    "factor_analyzer": factor_analyzer.solve,
    "psych": r.psych,
    "lavaan": r.lavaan,
}

__all__ = ["ENGINES", "Outcome"]
