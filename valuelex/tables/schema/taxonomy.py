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
            Column(
                "placed_by",
                "text",
                "factors; extension (loadings of a word that was not factored); meaning; or why it is unassigned",
                nullable=True,
                optional=True,
            ),
            Column(
                "probability",
                "number",
                "share of resamples that put it into this dimension",
                nullable=True,
                optional=True,
                low=0,
                high=1,
            ),
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
            Column("reference", "number", "of data permuted within and between models, 95th percentile", nullable=True),
        ),
        ("index",),
    ),
    Table(
        "stability",
        "one semantic cluster or dimension under resampling",
        (
            Column("kind", "text", "a semantic cluster, or a dimension", choices=("cluster", "dimension")),
            identifier("name", "the cluster's or dimension's name"),
            Column("statistic", "text", "what was measured"),
            Column("mean", "number", "over the resamples", nullable=True),
            Column("ci_low", "number", "lower end: the percentile that `statistic` names", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("n_resamples", "int", "how many resamples gave a solution", low=0),
        ),
        ("kind", "name", "statistic"),
    ),
    Table(
        "structure_agreement",
        "one measure of how alike the empirical and the semantic structure are",
        (
            identifier("statistic", "adjusted Rand index, normalised mutual information, Mantel correlation"),
            Column("value", "number", "of the words that were factored", nullable=True),
            Column(
                "p", "number", "share of random structures that are at least as alike", nullable=True, low=0, high=1
            ),
            Column("n_words", "int", "words compared", low=0),
            Column("method", "text", "how p was computed"),
        ),
        ("statistic",),
    ),
    Table(
        "controls",
        "the answers, or a null control that went through the same chain",
        (
            identifier("control", "the answers, permuted answers, words that are no values, or one model alone"),
            Column("n_words", "int", "words that passed the prevalence rule", low=0),
            Column("n_respondents", "int", "rows of the matrix", low=0),
            Column(
                "n_factors",
                "int",
                "factors by the permutation test; empty where it could not be run",
                nullable=True,
                low=0,
            ),
            Column("ratio", "number", "largest eigenvalue over its reference", nullable=True, low=0),
            Column("p", "number", "of the largest eigenvalue", nullable=True, low=0, high=1),
            Column("remark", "text", "what the control is, or why it could not be run", nullable=True),
        ),
        ("control",),
    ),
)
