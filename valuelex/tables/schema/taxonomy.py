"""Tables of the step `taxonomy`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import Column, Table, identifier

TABLES = (
    Table(
        "assignments",
        "one word type",
        (
            identifier("word", "the word type", essential=True),
            Column("dimension", "text", "the dimension it belongs to", essential=True, nullable=True),
            Column("subdimension", "text", "its subdimension", nullable=True),
            Column("cluster", "int", "its semantic cluster", nullable=True),
            Column("factor", "text", "the factor of its largest loading, where factors were extracted", nullable=True),
            Column("loading", "number", "that loading", nullable=True),
            Column("communality", "number", "share of variance the factors explain", nullable=True),
            Column("x", "number", "word map, first axis", nullable=True),
            Column("y", "number", "word map, second axis", nullable=True),
            Column("n_respondents", "int", "respondents that named it", nullable=True, low=0),
        ),
        ("word",),
    ),
    Table(
        "loadings",
        "a word (pattern matrix)",
        (identifier("word", "the word type"),),
        ("word",),
        wide="one column per factor",
    ),
    Table(
        "structure",
        "a word (structure matrix)",
        (identifier("word", "the word type"),),
        ("word",),
        wide="one column per factor",
    ),
    Table(
        "factor_correlations",
        "a factor",
        (identifier("factor", "the factor"),),
        ("factor",),
        wide="one column per factor",
    ),
    Table(
        "retention",
        "one criterion",
        (
            identifier("criterion", "name of the criterion"),
            Column("n_factors", "int", "how many factors it suggests", nullable=True, low=0),
            Column("settings", "text", "its settings and seed, as JSON", nullable=True),
        ),
        ("criterion",),
    ),
    Table(
        "eigenvalues",
        "one eigenvalue of the correlation matrix",
        (
            Column("index", "int", "1 for the largest", low=1),
            Column("observed", "number", "of the data"),
            Column("reference", "number", "of the column-permuted data at the stated percentile", nullable=True),
        ),
        ("index",),
    ),
    Table(
        "stability",
        "one subdimension or factor under resampling",
        (
            Column("kind", "text", "cluster or factor", choices=("cluster", "factor")),
            identifier("name", "the cluster's or factor's name"),
            Column("statistic", "text", "what was measured"),
            Column("mean", "number", "over the resamples", nullable=True),
            Column("ci_low", "number", "lower end: the percentile that `statistic` names", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("n_resamples", "int", "how many resamples gave a solution", low=0),
        ),
        ("kind", "name", "statistic"),
    ),
)
