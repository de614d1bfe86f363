"""Tables of the step `score`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, SAMPLE, Column, Table, identifier

LEVEL = Column("level", "text", "dimension or subdimension", choices=("dimension", "subdimension"), default="dimension")


def figure(name: str, about: str, low: float | None = None, high: float | None = None) -> Column:
    """A number that may be missing, with its range."""
    return Column(name, "number", about, nullable=True, low=low, high=high)


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
            figure("se", "its standard error", low=0),
            Column(
                "ci_low", "number", "lower end of its interval (comparison.confidence, 95 % by default)", nullable=True
            ),
            figure("ci_high", "upper end of its interval"),
            Column(
                "n",
                "int",
                "judgements behind it: applicable ones, or all where not applicable counts as a score",
                low=0,
            ),
            Column("n_items", "int", "items behind it", nullable=True, low=0),
            Column(
                "applicable_share", "number", "share of judgements that were applicable", nullable=True, low=0, high=1
            ),
            Column(
                "boot_low", "number", "the same interval by studentised bootstrap over stems: lower end", nullable=True
            ),
            figure("boot_high", "upper end"),
            Column(
                "adjusted",
                "number",
                "mixed-model estimate: stems, valences and judges taken out; may leave 0-6",
                nullable=True,
            ),
            Column(
                "adjusted_se",
                "number",
                "its standard error, for other stems and samples (judges: scoring.judges)",
                nullable=True,
                low=0,
            ),
            figure("adjusted_df", "its degrees of freedom (Satterthwaite)", low=0),
            figure("adjusted_low", "lower end of its interval"),
            figure("adjusted_high", "upper end"),
            Column(
                "predicted",
                "number",
                "the same, shrunken towards the mean of all models (EBLUP)",
                nullable=True,
            ),
            Column("note", "text", "why there is no adjusted score", nullable=True),
        ),
        ("model_id", "level", "dimension"),
    ),
    Table(
        "score_effects",
        "one effect that adjusted scores have taken out",
        (
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            Column(
                "source",
                "text",
                "valence or judge (fixed: estimate in score points, 0 on the mean), or variance (random: a variance component)",
            ),
            identifier("name", "the valence, the judge, or the random effect"),
            figure("estimate", "in score points, or a variance"),
            figure("se", "its standard error", low=0),
            figure("share", "share of the random variance", low=0, high=1),
        ),
        ("level", "dimension", "source", "name"),
    ),
    Table(
        "items",
        "one item on one scale",
        (
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            identifier("item_id", "the item"),
            Column("home", "bool", "whether the item was written for this scale"),
            Column("valence", "text", "its valence", nullable=True),
            Column("form", "text", "its form", nullable=True),
            Column("n", "int", "completions with a score", low=0),
            figure("mean", "mean score over completions, 0-6", low=0, high=6),
            figure("sd", "their standard deviation", low=0),
            Column(
                "item_rest_r",
                "number",
                "correlation with the mean of the other items, over model x sample records",
                nullable=True,
                low=-1,
                high=1,
            ),
            Column(
                "discrimination",
                "number",
                "upper minus lower 27 % of records by the other items, as a share of the range",
                nullable=True,
                low=-1,
                high=1,
            ),
            figure("floor_share", "share of scores below 0.5", low=0, high=1),
            figure("ceiling_share", "share of scores of 5.5 or more", low=0, high=1),
            Column(
                "not_applicable_share",
                "number",
                "share of judgements that were not applicable, refusals among them",
                nullable=True,
                low=0,
                high=1,
            ),
            Column(
                "valence_effect",
                "number",
                "mean of the items of this valence minus the mean over valences",
                nullable=True,
            ),
            Column("note", "text", "why a figure is missing", nullable=True),
        ),
        ("level", "dimension", "item_id"),
    ),
    Table(
        "g_study",
        "one variance component of one scale",
        (
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            identifier("effect", "model (the object), stem, sample, judge, valence; x crossed, : nested in"),
            figure("estimate", "the estimate; may be negative"),
            figure("variance", "the same, negative as 0", low=0),
            figure("share", "share of the sum of variances", low=0, high=1),
            figure("se", "jackknife over models", low=0),
            Column("levels", "int", "levels observed", low=1),
            Column("method", "text", "how it was estimated"),
            Column("note", "text", "what to know of it", nullable=True),
        ),
        ("level", "dimension", "effect"),
    ),
    Table(
        "d_study",
        "one design of a next test",
        (
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            Column("stems", "int", "stems, evenly over the valences", low=1),
            Column("samples", "int", "samples of each completion", low=1),
            Column("judges", "int", "judges, taken as sampled", low=1),
            Column(
                "generalizability",
                "number",
                "of comparisons between models (E rho squared)",
                nullable=True,
                low=0,
                high=1,
            ),
            figure("dependability", "of scores as such (Phi)", low=0, high=1),
            Column(
                "sem_relative",
                "number",
                "standard error of measurement for comparisons, in score points",
                nullable=True,
                low=0,
            ),
            figure("sem_absolute", "the same for scores as such", low=0),
        ),
        ("level", "dimension", "stems", "samples", "judges"),
    ),
    Table(
        "dimension_pairs",
        "two scales of one level",
        (
            LEVEL,
            identifier("first", "one scale"),
            identifier("second", "the other"),
            figure("r", "correlation of the models' means", low=-1, high=1),
            figure("covariance", "of universe scores"),
            Column(
                "r_universe",
                "number",
                "the same, errors of stems and samples taken out; may exceed 1",
                nullable=True,
            ),
            figure("ci_low", "lower end of its interval: jackknife over models, not cut off"),
            figure("ci_high", "upper end"),
            Column("n_models", "int", "models with scores", low=0),
            Column("note", "text", "why a figure is missing", nullable=True),
        ),
        ("level", "first", "second"),
    ),
    Table(
        "dimension_structure",
        "one figure on whether the finest scales are more than one",
        (
            identifier("basis", "means of models, or completions as deviations from the means of their model and item"),
            identifier(
                "statistic",
                "first_eigenvalue_share; fit of one factor, of the dimensions; cfa_chi2_difference",
            ),
            figure("value", "the figure"),
            figure("ci_low", "lower end of its interval"),
            figure("ci_high", "upper end"),
            Column("n", "int", "cases", low=0),
            Column("note", "text", "method, or why it is missing", nullable=True),
        ),
        ("basis", "statistic"),
    ),
    Table(
        "multitrait",
        "one correlation of the multitrait-multimethod matrix",
        (
            identifier("family", "forms or judges: which methods stand beside the elicited words"),
            identifier("method_1", "elicited words, a form, or a judge"),
            identifier("dimension_1", "the dimension by that method"),
            identifier("method_2", "the other method"),
            identifier("dimension_2", "the dimension by the other method"),
            Column(
                "kind",
                "text",
                "convergent (same dimension), heterotrait-monomethod, or heterotrait-heteromethod",
                choices=("convergent", "heterotrait-monomethod", "heterotrait-heteromethod"),
            ),
            Column("r", "number", "over models", low=-1, high=1),
            Column(
                "ci_low",
                "number",
                "lower end of its interval: percentile bootstrap over models",
                nullable=True,
                low=-1,
                high=1,
            ),
            figure("ci_high", "upper end", low=-1, high=1),
            Column("n_models", "int", "models measured by every method", low=0),
            Column("method", "text", "how it was computed"),
        ),
        ("family", "method_1", "dimension_1", "method_2", "dimension_2"),
    ),
    Table(
        "short_form",
        "one item of one scale",
        (
            LEVEL,
            identifier("dimension", "the dimension or subdimension"),
            identifier("item_id", "the item"),
            Column("valence", "text", "its valence", nullable=True),
            Column("form", "text", "its form", nullable=True),
            Column("kept", "bool", "whether the short form keeps it"),
        ),
        ("level", "dimension", "item_id"),
    ),
)
