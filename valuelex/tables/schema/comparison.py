"""Tables of the step `compare`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import Column, Table, identifier

TABLES = (
    Table(
        "comparisons",
        "one contrast",
        (
            identifier("contrast", "what is compared with what"),
            identifier("dimension", "on which dimension"),
            Column("estimate", "number", "the difference, in score points (0-6)", nullable=True),
            Column("se", "number", "its standard error", nullable=True, low=0),
            Column(
                "ci_low", "number", "lower end of its interval (comparison.confidence, 95 % by default)", nullable=True
            ),
            Column("ci_high", "number", "upper end of its interval", nullable=True),
            Column("p", "number", "two-sided p value", nullable=True, low=0, high=1),
            Column(
                "p_adjusted", "number", "the same, adjusted by Holm over all contrasts", nullable=True, low=0, high=1
            ),
            Column("method", "text", "how it was computed"),
            Column("verdict", "text", "what the interval says against the smallest effect of interest", nullable=True),
        ),
        ("contrast", "dimension"),
    ),
)
