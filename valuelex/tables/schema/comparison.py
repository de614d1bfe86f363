"""Tables of the step `compare`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, Column, Table, identifier


def number(name: str, about: str, low: float | None = None, high: float | None = None) -> Column:
    """A number that may be missing."""
    return Column(name, "number", about, nullable=True, low=low, high=high)


def optional_text(name: str, about: str) -> Column:
    return Column(name, "text", about, nullable=True)


METHOD = Column("method", "text", "how it was computed")

TABLES = (
    Table(
        "comparisons",
        "one contrast on one dimension, as level or profile, for these models or models like these",
        (
            identifier("contrast", "what is compared with what"),
            identifier("dimension", "on which dimension"),
            Column(
                "measure",
                "text",
                "level: scores; profile: scores less each model's mean over dimensions",
                choices=("level", "profile"),
            ),
            Column(
                "scope",
                "text",
                "these models: stems sampled, models fixed; models like these: models and families sampled too",
                choices=("these models", "models like these"),
            ),
            Column("covariate", "text", "the covariate that is asked about"),
            number("estimate", "the difference, in score points, or the slope per tenfold size or year"),
            number("se", "its standard error", 0),
            number("df", "degrees of freedom of its t interval; empty for infinitely many", 0),
            number("ci_low", "lower end of its interval (comparison.confidence, 95 % by default)"),
            number("ci_high", "upper end of its interval"),
            number("p", "two-sided p value", 0, 1),
            number("p_adjusted", "the same, adjusted by Holm over all contrasts of its scope and measure", 0, 1),
            number("p_bh", "the same, adjusted by Benjamini and Hochberg", 0, 1),
            number("p_equivalence", "p of two one-sided tests against comparison.smallest_effect", 0, 1),
            number("p_equivalence_adjusted", "the same, adjusted by Holm", 0, 1),
            number("boot_low", "lower end of the interval by wild cluster bootstrap over families"),
            number("boot_high", "upper end; empty where it has none"),
            number("boot_p", "p by the same bootstrap", 0, 1),
            number("permutation_p", "p by permuting the covariate within families", 0, 1),
            number("permutation_least", "the smallest p that these families allow in that", 0, 1),
            number("without_low", "smallest estimate with one family left out"),
            number("without_high", "largest estimate with one family left out"),
            optional_text("without_family", "the family whose absence moves the estimate furthest"),
            number("family_share", "share of the variance between models that lies between families", 0, 1),
            number("detectable", "the effect that such a study finds with a power of .80", 0),
            Column("n_models", "int", "models behind it", low=0),
            Column("n_families", "int", "their families; a model of no known family is its own", nullable=True, low=0),
            METHOD,
            optional_text("verdict", "what the tests say against the smallest effect, or why there is no answer"),
        ),
        ("contrast", "dimension", "measure", "scope"),
    ),
    Table(
        "covariates",
        "one model",
        (
            identifier("model_id", MODEL.about),
            optional_text("family", "family"),
            optional_text("developer", "developer"),
            number("parameters", "number of weights", 0),
            optional_text("training", "pretrained, instruction-tuned or aligned"),
            optional_text("release_date", "release date"),
            optional_text("open_weights", "whether its weights are public"),
            optional_text("region", "region of its developer"),
            optional_text("missing", "what is not known of it"),
        ),
        ("model_id",),
    ),
    Table(
        "ranks",
        "one model on one dimension, or in the weighted total",
        (
            identifier("model_id", MODEL.about),
            identifier("dimension", "the dimension, or total (comparison.weights)"),
            Column("score", "number", "its score"),
            number("se", "its standard error", 0),
            number("ci_low", "lower end of its interval"),
            number("ci_high", "upper end"),
            Column("rank", "int", "its place by score alone", low=1),
            Column("rank_low", "int", "the best place that cannot be ruled out", nullable=True, low=1),
            Column("rank_high", "int", "the worst place that cannot be ruled out", nullable=True, low=1),
            optional_text("tied", "models that it cannot be told from"),
            Column("n_models", "int", "models with a score there", low=1),
            METHOD,
        ),
        ("model_id", "dimension"),
    ),
    Table(
        "profiles",
        "one model on one dimension",
        (
            identifier("model_id", MODEL.about),
            identifier("dimension", "the dimension"),
            number("level", "its score"),
            number("level_se", "its standard error", 0),
            number("level_low", "lower end of its interval"),
            number("level_high", "upper end"),
            number("profile", "its score less its mean over dimensions"),
            number("profile_se", "its standard error", 0),
            number("profile_low", "lower end of its interval"),
            number("profile_high", "upper end"),
            number("beyond_halo", "its score less what the general factor over models predicts of it"),
            METHOD,
        ),
        ("model_id", "dimension"),
    ),
    Table(
        "profile_pairs",
        "two models",
        (
            identifier("model_id", "one model"),
            identifier("other_id", "the other"),
            Column("same_family", "bool", "whether they are of one family", nullable=True),
            Column("distance", "number", "how far their profiles are apart, in score points per dimension", low=0),
            number("ci_low", "lower end of its interval", 0),
            number("ci_high", "upper end", 0),
            number("correlation", "of their profiles around the mean profile; from four dimensions on", -1, 1),
            METHOD,
        ),
        ("model_id", "other_id"),
    ),
    Table(
        "model_clusters",
        "one model",
        (
            identifier("model_id", MODEL.about),
            Column("cluster", "int", "its group, the largest first", low=1),
            number("stability", "mean Jaccard similarity of its group over draws of the scores' error", 0, 1),
            Column("place", "int", "its place along the dendrogram", low=1),
            METHOD,
        ),
        ("model_id",),
    ),
    Table(
        "traits",
        "one trait of one model",
        (
            identifier("model_id", MODEL.about),
            identifier("trait", "profile_variance, sample_variance or diversity"),
            Column("estimate", "number", "its value; variances in square points, diversity in words"),
            number("se", "its standard error", 0),
            number("ci_low", "lower end of its interval"),
            number("ci_high", "upper end"),
            METHOD,
        ),
        ("model_id", "trait"),
    ),
    Table(
        "claims",
        "one claim",
        (
            identifier("claim", "the claim's id"),
            Column("statement", "text", "what it says"),
            optional_text("source", "whose words it is in"),
            Column("estimand", "text", "what is estimated"),
            optional_text("direction", "the direction claimed"),
            number("smallest_effect", "smallest effect of interest, in the units of the estimate", 0),
            number("estimate", "the estimate"),
            number("se", "its standard error", 0),
            number("ci_low", "lower end of its interval"),
            number("ci_high", "upper end"),
            number("p", "two-sided p value, not adjusted: each claim is a question of its own", 0, 1),
            Column("n_models", "int", "models behind it", nullable=True, low=0),
            Column("n_families", "int", "their families (or groups)", nullable=True, low=0),
            Column(
                "verdict",
                "text",
                "supported, contradicted, undecided or not testable",
                choices=("supported", "contradicted", "undecided", "not testable"),
            ),
            Column("reason", "text", "why"),
            METHOD,
        ),
        ("claim",),
    ),
    Table(
        "bias_shares",
        "one source of differences between scores",
        (
            identifier("source", "the source"),
            Column("meaning", "text", "what it stands for"),
            Column("levels", "int", "how many levels it has", nullable=True, low=0),
            number("variance", "its variance component, in square points; may be negative"),
            number("share", "its share of the sum of components", 0, 1),
            number("ci_low", "lower end of the share's interval, stems left out in turn", 0, 1),
            number("ci_high", "upper end", 0, 1),
            optional_text("note", "why it has no share"),
        ),
        ("source",),
    ),
)
