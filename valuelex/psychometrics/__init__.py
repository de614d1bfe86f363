"""Factor analysis, reliability and rater agreement. Knows nothing of words or language models.

The analyst's steps, in order: correlate, screen, retain, efa (extraction, rotation, fit, scores, bootstrap), alpha and
omega, congruence and align between solutions, icc and krippendorff_alpha between raters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuelex.psychometrics.adequacy import AdequacyResult, BartlettResult, KMOResult, bartlett, kmo, screen
from valuelex.psychometrics.agreement import ICCResult, KrippendorffResult, icc, krippendorff_alpha
from valuelex.psychometrics.alignment import AlignResult, align, congruence
from valuelex.psychometrics.bootstrap import BootstrapResult
from valuelex.psychometrics.checks import PsychometricsWarning
from valuelex.psychometrics.correlation import correlate
from valuelex.psychometrics.efa import EFAResult, efa
from valuelex.psychometrics.parallel import ParallelResult, parallel_analysis
from valuelex.psychometrics.reliability import AlphaResult, OmegaResult, alpha, omega
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention import (
    EigenvalueResult,
    MapResult,
    RetentionResult,
    ekc,
    kaiser,
    map_test,
    retain,
)
from valuelex.psychometrics.rotation import RotationResult, rotate

if TYPE_CHECKING:
    from valuelex.psychometrics.estimator import FactorAnalysis

__all__ = [
    "AdequacyResult",
    "AlignResult",
    "AlphaResult",
    "BartlettResult",
    "BootstrapResult",
    "EFAResult",
    "EigenvalueResult",
    "FactorAnalysis",
    "ICCResult",
    "KMOResult",
    "KrippendorffResult",
    "MapResult",
    "OmegaResult",
    "ParallelResult",
    "PsychometricsWarning",
    "Result",
    "RetentionResult",
    "RotationResult",
    "align",
    "alpha",
    "bartlett",
    "congruence",
    "correlate",
    "efa",
    "ekc",
    "icc",
    "kaiser",
    "kmo",
    "krippendorff_alpha",
    "map_test",
    "omega",
    "parallel_analysis",
    "retain",
    "rotate",
    "screen",
]


def __getattr__(name: str) -> object:
    if name == "FactorAnalysis":
        from valuelex.psychometrics.estimator import FactorAnalysis

        return FactorAnalysis
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
