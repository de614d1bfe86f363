"""Tables of the step `lexicon`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, RESPONDENT, Column, Table, identifier

TABLES = (
    Table(
        "words",
        "one word in one answer",
        (
            identifier("response_id", "the answer it stands in"),
            identifier("respondent_id", RESPONDENT.about, essential=True),
            MODEL,
            Column("position", "int", "0, 1, ... in the answer", low=0),
            Column("raw", "text", "as it stood in the answer", nullable=True),
            Column("word", "text", "the word type (noun form)", essential=True, nullable=True),
            Column("kept", "bool", "whether it counts as a value", default=True),
            Column("reason", "text", "why it was kept or not", nullable=True, default="given"),
        ),
        ("response_id", "position"),
    ),
    Table(
        "lexicon",
        "one kept word type",
        (
            identifier("word", "the word type", essential=True),
            Column("variants", "text", "the forms that were counted as it, separated by |", nullable=True),
            Column("n_responses", "int", "answers that hold it", low=0),
            Column("n_respondents", "int", "respondents that named it", low=0),
            Column("n_models", "int", "models that named it", low=0),
            Column("gloss", "text", "what it means, where the value lexicon says so", nullable=True),
            Column("source", "text", "what decided that it is a value", nullable=True, default="given"),
        ),
        ("word",),
    ),
    Table(
        "saturation",
        "one point of one rarefaction curve",
        (
            identifier("model_id", "the model, or (all)"),
            Column("elicitation", "text", "open, closed or logprob"),
            Column("n_answers", "int", "usable answers", low=0),
            Column("expected", "number", "word types that so many answers are expected to hold", low=0),
            Column("ci_low", "number", "lower end of its 95 % interval", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("coverage", "number", "sample coverage expected at so many answers", nullable=True, low=0, high=1),
        ),
        ("model_id", "elicitation", "n_answers"),
    ),
    Table(
        "richness",
        "how complete the lexicon of one model is",
        (
            identifier("model_id", "the model, or (all)"),
            Column("elicitation", "text", "open, closed or logprob"),
            Column("n_answers", "int", "usable answers", low=0),
            Column("n_words", "int", "words named in them", low=0),
            Column("observed", "int", "word types", low=0),
            Column("singletons", "int", "word types named once", low=0),
            Column("doubletons", "int", "word types named twice", low=0),
            Column(
                "coverage",
                "number",
                "Good-Turing: share of further words that would be known ones",
                nullable=True,
                low=0,
                high=1,
            ),
            Column("coverage_low", "number", "lower end of its 95 % interval", nullable=True, low=0, high=1),
            Column("coverage_high", "number", "upper end", nullable=True, low=0, high=1),
            Column("chao1", "number", "least number of word types there are, from counts", nullable=True, low=0),
            Column("chao1_low", "number", "lower end of its 95 % interval", nullable=True, low=0),
            Column("chao1_high", "number", "upper end", nullable=True, low=0),
            Column("chao2", "number", "the same from how many answers hold a word", nullable=True, low=0),
            Column("chao2_low", "number", "lower end of its 95 % interval", nullable=True, low=0),
            Column("chao2_high", "number", "upper end", nullable=True, low=0),
            Column("method", "text", "estimators and intervals"),
        ),
        ("model_id", "elicitation"),
    ),
    Table(
        "variance_shares",
        "one source of differences between answers",
        (
            Column("elicitation", "text", "open, closed or logprob"),
            identifier(
                "source", "family, model, setting, persona, language, prompt, order, examples, an interaction, residual"
            ),
            Column("levels", "int", "how many levels it has", low=0),
            Column("component", "number", "variance component, summed over words", nullable=True),
            Column("share", "number", "of the sum of the components that are not negative", nullable=True),
            Column("ci_low", "number", "lower end of its 95 % interval", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("method", "text", "estimator and interval, or why there is no estimate"),
        ),
        ("elicitation", "source"),
    ),
    Table(
        "mode_agreement",
        "two modes of asking, compared",
        (
            identifier("model_id", "the model, or (all)"),
            Column("mode_a", "text", "open, closed or logprob"),
            Column("mode_b", "text", "the other"),
            Column("n_words", "int", "word types compared", low=0),
            Column(
                "spearman", "number", "rank correlation of how often each word is named", nullable=True, low=-1, high=1
            ),
            Column("ci_low", "number", "lower end of its 95 % interval", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column(
                "overlap",
                "number",
                "share of the 20 commonest words that both modes have",
                nullable=True,
                low=0,
                high=1,
            ),
            Column("method", "text", "how it was computed"),
        ),
        ("model_id", "mode_a", "mode_b"),
    ),
    Table(
        "example_effect",
        "what showing examples does to one model's answers",
        (
            identifier("model_id", "the model, or (all)"),
            Column("n_shown", "int", "pairs of answer and word with the word among the shown examples", low=0),
            Column("rate_shown", "number", "how often such a word is named", nullable=True, low=0, high=1),
            Column(
                "rate_hidden",
                "number",
                "how often the same words are named when they are not shown",
                nullable=True,
                low=0,
                high=1,
            ),
            Column("difference", "number", "rate_shown - rate_hidden; 0 for a neutral frame", nullable=True),
            Column("ci_low", "number", "lower end of its 95 % interval", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("share", "number", "variance share of the example set", nullable=True),
            Column("method", "text", "how it was computed"),
        ),
        ("model_id",),
    ),
)
