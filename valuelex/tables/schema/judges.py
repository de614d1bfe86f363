"""Tables of the judge dossier, made by the step `judge`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import Column, Table, identifier
from valuelex.tables.schema.scoring import figure

_SCALE = identifier("dimension", "the scale, or all: every scale's cells together")
_NOTE = Column("note", "text", "what is missing and why, or how the interval was made", nullable=True)

TABLES = (
    Table(
        "judge_agreement",
        "two judges, or one with itself, on one scale or all",
        (
            identifier("judge_a", "a judge; all: every judge together; people: the mean of the human raters"),
            identifier("judge_b", "the other judge; the same one where it judged twice"),
            Column(
                "kind",
                "text",
                "judges; human (a person is one of the two); repeat (the same question again); reworded (the other rubric)",
                choices=("judges", "human", "repeat", "reworded"),
            ),
            _SCALE,
            Column("n", "int", "cells (completion x scale) that both scored", low=0),
            figure("icc_2_1", "ICC(2,1): absolute agreement, one judge", high=1),
            figure("icc_2_1_low", "lower end of its F interval, cells taken as independent"),
            figure("icc_2_1_high", "upper end"),
            figure("icc_3_1", "ICC(3,1): consistency, severity aside", high=1),
            figure("icc_3_1_low", "lower end"),
            figure("icc_3_1_high", "upper end"),
            figure("kappa", "Cohen's kappa with quadratic weights, scores rounded to whole levels; two judges", high=1),
            figure("kappa_low", "lower end, cells taken as independent"),
            figure("kappa_high", "upper end"),
            figure("alpha", "Krippendorff's alpha, interval", high=1),
            figure("alpha_low", "lower end of its bootstrap interval over models, or over stems with few models"),
            figure("alpha_high", "upper end"),
            figure("alpha_ordinal", "Krippendorff's alpha, ordinal, scores rounded to whole levels", high=1),
            figure("r", "Pearson's correlation", -1, 1),
            figure("r_corrected", "r with both judges' unreliability taken out; may pass 1"),
            figure("difference", "mean of judge_b less judge_a, points"),
            Column("n_both", "int", "cells that both judged, applicable or not", low=0),
            figure("same_applicable", "share of these where both say applicable, or both not", 0, 1),
            figure("kappa_applicable", "Cohen's kappa of applicable or not", high=1),
            _NOTE,
        ),
        ("judge_a", "judge_b", "kind", "dimension"),
    ),
    Table(
        "judge_effects",
        "one effect of one judge",
        (
            identifier("judge_id", "the judge"),
            Column(
                "effect",
                "text",
                "severity, halo, halo_difference, position, length, length_beyond, self_preference, wording",
                choices=(
                    *("severity", "halo", "halo_difference", "position", "length", "length_beyond"),
                    *("self_preference", "wording"),
                ),
            ),
            _SCALE,
            figure("estimate", "points, or a share (halo), or points per place (position) or doubling (length)"),
            figure("se", "its standard error", low=0),
            figure("ci_low", "lower end of its 95 % interval"),
            figure("ci_high", "upper end"),
            Column("n", "int", "cells behind it", low=0),
            _NOTE,
        ),
        ("judge_id", "effect", "dimension"),
    ),
    Table(
        "judge_left_out",
        "one judge left out, on one scale",
        (
            identifier("judge_id", "the judge that is left out"),
            identifier("dimension", "the scale"),
            Column("n_models", "int", "models with a score either way", low=0),
            figure("spearman", "rank correlation of the models' scores with all judges and without this one", -1, 1),
            figure("largest_change", "largest change of a model's score, the mean change of all taken out", low=0),
            Column("model_id", "text", "the model that it is", nullable=True),
            Column("n_pairs", "int", "pairs of models that can be compared over stems", low=0),
            Column("flipped", "int", "pairs whose verdict changes: higher, lower, or not told apart at .05", low=0),
            Column("reversed", "int", "of these, pairs told apart either way but in the other direction", low=0),
            Column("which", "text", "the first five of the flipped pairs", nullable=True),
            _NOTE,
        ),
        ("judge_id", "dimension"),
    ),
)
