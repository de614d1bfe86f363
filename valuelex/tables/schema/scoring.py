"""Tables of the step `score`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, SAMPLE, Column, Table, identifier

LEVEL = Column("level", "text", "dimension or subdimension", choices=("dimension", "subdimension"), default="dimension")

TABLES = (
    Table(
        "completion_scores",
        "completion x scale",
        (
            identifier("completion_id", "the completion"),
            identifier("model_id", MODEL.about),
            identifier("item_id", "the item"),
            SAMPLE,
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            Column(
                "score",
                "number",
                "mean over judges, then over subdimensions; 0-6; empty where nothing applied (scoring.not_applicable)",
                nullable=True,
                low=0,
                high=6,
            ),
            Column("judged", "int", "judgements made", low=0),
            Column("applicable", "int", "judgements that found the scale applicable", low=0),
        ),
        ("completion_id", "level", "dimension"),
    ),
    Table(
        "scores",
        "model x dimension",
        (
            identifier("model_id", MODEL.about, essential=True),
            LEVEL,
            identifier("dimension", "the dimension or subdimension", essential=True),
            Column("mean", "number", "mean score, 0-6", essential=True, nullable=True, low=0, high=6),
            Column("se", "number", "its standard error", nullable=True, low=0),
            Column(
                "ci_low", "number", "lower end of its interval (comparison.confidence, 95 % by default)", nullable=True
            ),
            Column("ci_high", "number", "upper end of its interval", nullable=True),
            Column("n", "int", "applicable judgements behind it", low=0),
            Column("n_items", "int", "items behind it", nullable=True, low=0),
            Column(
                "applicable_share", "number", "share of judgements that were applicable", nullable=True, low=0, high=1
            ),
        ),
        ("model_id", "level", "dimension"),
    ),
)
