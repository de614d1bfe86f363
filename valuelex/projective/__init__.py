"""Step 4, ``valuelex instrument``, ``administer``, ``judge``: models complete sentence stems, judges score what they wrote."""

from valuelex.projective.administration.administer import Item, administer, plan
from valuelex.projective.instrument.build import build, check_files
from valuelex.projective.instrument.edited import load_edited
from valuelex.projective.instrument.writer import plan_stems
from valuelex.projective.judging.dossier.run import judge_dossier
from valuelex.projective.judging.embedded import AnchorScorer
from valuelex.projective.judging.plan import JudgeItem, check_judges, kin_of, plan_judge
from valuelex.projective.judging.reader import StanceReader, open_reader, reader_family
from valuelex.projective.judging.run import judge
from valuelex.projective.judging.unjudged import unjudged
from valuelex.projective.judging.validity import validity
from valuelex.projective.manual import manual_for
from valuelex.projective.ratings.files import add_ratings, human_judgements, rating_files, read_ratings
from valuelex.projective.ratings.returned import read_returned
from valuelex.projective.ratings.sheet import RatingSheets, rating_sheets
from valuelex.projective.ratings.workbook import to_xlsx
from valuelex.projective.scales import Scale, named_scales, own_scales
from valuelex.projective.scoring.run import score
from valuelex.projective.scoring.settings import ScoringSettings
from valuelex.projective.settings import (
    DEFAULT_JUDGES,
    AdministrationSettings,
    InstrumentSettings,
    Judges,
    JudgeSettings,
    WriterSettings,
)

__all__ = [
    "DEFAULT_JUDGES",
    "AdministrationSettings",
    "AnchorScorer",
    "InstrumentSettings",
    "Item",
    "JudgeItem",
    "JudgeSettings",
    "Judges",
    "RatingSheets",
    "Scale",
    "ScoringSettings",
    "StanceReader",
    "WriterSettings",
    "add_ratings",
    "administer",
    "build",
    "check_files",
    "check_judges",
    "human_judgements",
    "judge",
    "judge_dossier",
    "kin_of",
    "load_edited",
    "manual_for",
    "named_scales",
    "open_reader",
    "own_scales",
    "plan",
    "plan_judge",
    "plan_stems",
    "rating_files",
    "rating_sheets",
    "read_ratings",
    "read_returned",
    "reader_family",
    "score",
    "to_xlsx",
    "unjudged",
    "validity",
]
