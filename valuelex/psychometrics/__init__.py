"""Factor analysis, reliability and rater agreement. Knows nothing of words or language models.

The analyst's steps, in order: power_efa (how many cases), correlate, screen, retain, efa (extraction, rotation, fit, scores,
bootstrap), alpha and omega, cfa and invariance on fresh data, congruence and align between solutions, icc and
krippendorff_alpha between raters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuelex.psychometrics.agreement.intraclass import ICCResult, icc
from valuelex.psychometrics.agreement.kappa import KappaResult, cohen_kappa, fleiss_kappa, gwet_ac, light_kappa
from valuelex.psychometrics.agreement.krippendorff import KrippendorffResult, krippendorff_alpha
from valuelex.psychometrics.alignment import AlignResult, ProcrustesResult, align, congruence, procrustes
from valuelex.psychometrics.analysis import Analysis, analyse
from valuelex.psychometrics.checks import PsychometricsWarning
from valuelex.psychometrics.clustered.multiplicity import benjamini_hochberg, holm
from valuelex.psychometrics.clustered.permutation import PermutationTest, permute_within
from valuelex.psychometrics.clustered.regression import NestedRegressionResult, nested_regression
from valuelex.psychometrics.clustered.wild import WildBootstrap, wild_cluster_bootstrap
from valuelex.psychometrics.confirmatory.cfa import cfa
from valuelex.psychometrics.confirmatory.convert import efa_to_cfa
from valuelex.psychometrics.confirmatory.invariance import InvarianceResult, invariance
from valuelex.psychometrics.confirmatory.result import CFAResult
from valuelex.psychometrics.correlation.correlate import correlate
from valuelex.psychometrics.correlation.ordinal import PolychoricResult, mixed_correlations, polychoric, tetrachoric
from valuelex.psychometrics.correlation.serial import PolyserialResult, polyserial
from valuelex.psychometrics.data_files import read_data
from valuelex.psychometrics.exploratory.averaging import AveragedResult, average
from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.exploratory.groups import GroupsResult, compare_groups
from valuelex.psychometrics.exploratory.replication import ReplicationResult, k_fold, split_half
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.exploratory.standard_errors import StandardErrorResult
from valuelex.psychometrics.generalizability.components import ComponentsResult, variance_components
from valuelex.psychometrics.generalizability.d_study import DStudyResult, d_study
from valuelex.psychometrics.generalizability.g_study import GStudyResult, g_study
from valuelex.psychometrics.generalizability.multivariate import UniverseCorrelationResult, universe_correlations
from valuelex.psychometrics.generalizability.simulation import simulate_ratings
from valuelex.psychometrics.handover.cross_check import CrossCheckResult, cross_check
from valuelex.psychometrics.mixed.effects import crossed_effects
from valuelex.psychometrics.mixed.means import MeanInterval, mean_interval
from valuelex.psychometrics.mixed.scores import MixedScoresResult, mixed_scores
from valuelex.psychometrics.ordinal.scores import OrdinalScoresResult, ordinal_scores
from valuelex.psychometrics.planning.power import PowerResult, power_efa, sample_size
from valuelex.psychometrics.planning.rmsea_power import rmsea_power, rmsea_sample_size
from valuelex.psychometrics.reliability.coefficient_alpha import AlphaResult, alpha
from valuelex.psychometrics.reliability.coefficient_omega import OmegaResult, omega
from valuelex.psychometrics.reliability.greatest_lower_bound import GLBResult, glb
from valuelex.psychometrics.reliability.lambdas import GuttmanResult, guttman
from valuelex.psychometrics.reliability.scales import ScaleReliability, scale_reliability
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.average_partial import MapResult, map_test
from valuelex.psychometrics.retention.comparison_data import ComparisonDataResult, comparison_data
from valuelex.psychometrics.retention.ega import EGAResult, ega
from valuelex.psychometrics.retention.hull import HullResult, hull
from valuelex.psychometrics.retention.kaiser_guttman import EigenvalueResult, ekc, kaiser
from valuelex.psychometrics.retention.nest import nest
from valuelex.psychometrics.retention.panel import RetentionResult, retain
from valuelex.psychometrics.retention.parallel import ParallelResult, parallel_analysis
from valuelex.psychometrics.retention.sequential import FitSequenceResult, fit_sequence
from valuelex.psychometrics.richness.coverage import Coverage, sample_coverage
from valuelex.psychometrics.richness.estimators import RichnessEstimate, chao1, chao2
from valuelex.psychometrics.richness.hill import HillResult, hill_numbers
from valuelex.psychometrics.richness.overlap import OverlapResult, morisita_overlap
from valuelex.psychometrics.richness.rarefaction import rarefaction
from valuelex.psychometrics.richness.richness import RichnessResult, richness
from valuelex.psychometrics.rotation.rotate import RotationResult, rotate
from valuelex.psychometrics.screening.adequacy import BartlettResult, KMOResult, bartlett, kmo
from valuelex.psychometrics.screening.findings import Finding
from valuelex.psychometrics.screening.normality import MardiaResult, mardia
from valuelex.psychometrics.screening.screen import AdequacyResult, screen

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.estimator import FactorAnalysis

__all__ = [
    "AdequacyResult",
    "AlignResult",
    "AlphaResult",
    "Analysis",
    "AveragedResult",
    "BartlettResult",
    "BootstrapResult",
    "CFAResult",
    "ComparisonDataResult",
    "ComponentsResult",
    "Coverage",
    "CrossCheckResult",
    "DStudyResult",
    "EFAResult",
    "EGAResult",
    "EigenvalueResult",
    "FactorAnalysis",
    "Finding",
    "FitSequenceResult",
    "GLBResult",
    "GStudyResult",
    "GroupsResult",
    "GuttmanResult",
    "HillResult",
    "HullResult",
    "ICCResult",
    "InvarianceResult",
    "KMOResult",
    "KappaResult",
    "KrippendorffResult",
    "MapResult",
    "MardiaResult",
    "MeanInterval",
    "MixedScoresResult",
    "NestedRegressionResult",
    "OmegaResult",
    "OrdinalScoresResult",
    "OverlapResult",
    "ParallelResult",
    "PermutationTest",
    "PolychoricResult",
    "PolyserialResult",
    "PowerResult",
    "ProcrustesResult",
    "PsychometricsWarning",
    "ReplicationResult",
    "Result",
    "RetentionResult",
    "RichnessEstimate",
    "RichnessResult",
    "RotationResult",
    "ScaleReliability",
    "StandardErrorResult",
    "UniverseCorrelationResult",
    "WildBootstrap",
    "align",
    "alpha",
    "analyse",
    "average",
    "bartlett",
    "benjamini_hochberg",
    "cfa",
    "chao1",
    "chao2",
    "cohen_kappa",
    "compare_groups",
    "comparison_data",
    "congruence",
    "correlate",
    "cross_check",
    "crossed_effects",
    "d_study",
    "efa",
    "efa_to_cfa",
    "ega",
    "ekc",
    "fit_sequence",
    "fleiss_kappa",
    "g_study",
    "glb",
    "guttman",
    "gwet_ac",
    "hill_numbers",
    "holm",
    "hull",
    "icc",
    "invariance",
    "k_fold",
    "kaiser",
    "kmo",
    "krippendorff_alpha",
    "light_kappa",
    "map_test",
    "mardia",
    "mean_interval",
    "mixed_correlations",
    "mixed_scores",
    "morisita_overlap",
    "nest",
    "nested_regression",
    "omega",
    "ordinal_scores",
    "parallel_analysis",
    "permute_within",
    "polychoric",
    "polyserial",
    "power_efa",
    "procrustes",
    "rarefaction",
    "read_data",
    "retain",
    "richness",
    "rmsea_power",
    "rmsea_sample_size",
    "rotate",
    "sample_coverage",
    "sample_size",
    "scale_reliability",
    "screen",
    "simulate_ratings",
    "split_half",
    "tetrachoric",
    "universe_correlations",
    "variance_components",
    "wild_cluster_bootstrap",
]


def __getattr__(name: str) -> object:
    if name == "FactorAnalysis":
        from valuelex.psychometrics.exploratory.estimator import FactorAnalysis

        return FactorAnalysis
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
