"""Tables of the steps `instrument`, `administer` and `judge`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import (
    MODEL,
    PERSONS,
    RESPONDENT,
    SAMPLE,
    STATUS,
    VALENCES,
    Column,
    Table,
    identifier,
)

_WORDING = (
    Column("person", "text", "who speaks: first, third or impersonal", nullable=True, choices=PERSONS, optional=True),
    Column("n_words", "int", "words of the stem", nullable=True, low=0, optional=True),
    Column("readability", "number", "LIX: words + share of long words, per cent", nullable=True, low=0, optional=True),
)

_FIT = (
    Column("fit", "number", "mean cosine of its themes with the scale's nearest words", nullable=True, optional=True),
    Column("margin", "number", "fit less that of the best other scale", nullable=True, optional=True),
)

POSITION = Column(
    "position",
    "int",
    "where in the call the scale stood, from 1; empty for other judges",
    nullable=True,
    low=1,
    optional=True,
)
KINDS = ("first", "repeat", "reworded")

TABLES = (
    Table(
        "instrument",
        "one item",
        (
            identifier("item_id", "the item", essential=True),
            identifier("stem", "the unfinished sentence", essential=True),
            Column("dimension", "text", "the dimension it was written for", essential=True),
            Column("subdimension", "text", "the subdimension it was written for", nullable=True),
            Column("valence", "text", "positive, negative, neutral or trade-off", nullable=True, choices=VALENCES),
            Column("form", "text", "A or B: parallel forms", default="A"),
            Column(
                "source", "text", "bank, writer (a language model), template or edited", nullable=True, default="given"
            ),
            Column("bank_id", "text", "the stem's id in the bank", nullable=True),
            *_WORDING,
            *_FIT,
        ),
        ("item_id",),
    ),
    Table(
        "stem_candidates",
        "one candidate for a stem",
        (
            identifier("candidate_id", "the candidate"),
            Column("stem", "text", "the unfinished sentence; a writer's reply where it cannot be read", nullable=True),
            Column("source", "text", "bank, writer or template", choices=("bank", "writer", "template")),
            Column("bank_id", "text", "the stem's id in the bank", nullable=True),
            Column("dimension", "text", "the dimension of its scale", nullable=True),
            Column("subdimension", "text", "the subdimension of its scale", nullable=True),
            Column("valence", "text", "positive, negative, neutral or trade-off", choices=VALENCES),
            *_WORDING,
            *_FIT,
            Column("leak", "text", "the word of its scale, or of the scale's name, that it holds", nullable=True),
            Column(
                "cosine",
                "number",
                "largest cosine with an earlier candidate that passed",
                nullable=True,
                low=-1,
                high=1,
            ),
            Column("overlap", "number", "largest likeness in words with an earlier one", nullable=True, low=0, high=1),
            Column(
                "verdict",
                "text",
                "kept (in the test), unused (good, but not needed), dropped (by a filter)",
                choices=("kept", "unused", "dropped"),
            ),
            Column("reason", "text", "why it was dropped", nullable=True),
            Column("item_id", "text", "the item it became", nullable=True),
        ),
        ("candidate_id",),
    ),
    Table(
        "form_balance",
        "one property of the two forms",
        (
            identifier("property", "words, readability, fit, margin; items; or what is counted"),
            Column("level", "text", "what is counted: a dimension, a valence, ...", nullable=True),
            Column("kind", "text", "mean or count", choices=("mean", "count")),
            Column("form_a", "number", "mean or number of items of form A", nullable=True),
            Column("form_b", "number", "mean or number of items of form B", nullable=True),
            Column("difference", "number", "form A minus form B", nullable=True),
            Column("sd", "number", "standard deviation over all items", nullable=True, low=0),
            Column("standardised", "number", "difference / sd", nullable=True),
        ),
        ("property", "level"),
    ),
    Table(
        "completions",
        "one completion",
        (
            identifier("completion_id", "hash of item, respondent and sample"),
            identifier("item_id", "the item", essential=True),
            RESPONDENT,
            identifier("model_id", MODEL.about, essential=True),
            SAMPLE,
            Column(
                "position",
                "int",
                "place of the item in the order of this model and sample",
                nullable=True,
                low=1,
                optional=True,
            ),
            Column(
                "frame",
                "text",
                "chat (instruction) or base (bare text to continue)",
                nullable=True,
                choices=("chat", "base"),
                optional=True,
            ),
            Column("text", "text", "the completion, without the stem", essential=True, nullable=True),
            STATUS,
            Column("status_reason", "text", "why the status is what it is", nullable=True),
            Column(
                "human",
                "text",
                "the phrase in which the model speaks as a person, where it does",
                nullable=True,
                optional=True,
            ),
            Column("seed", "int", "the seed sent with the call", nullable=True),
            Column("n_tokens_in", "int", "prompt tokens", nullable=True, low=0),
            Column("n_tokens_out", "int", "answer tokens", nullable=True, low=0),
            Column("latency_s", "number", "seconds from request to answer", nullable=True, low=0),
        ),
        ("completion_id",),
    ),
    Table(
        "judgements",
        "completion x judge x dimension",
        (
            identifier("completion_id", "the completion", essential=True),
            identifier("judge_id", "the judge", essential=True),
            identifier(
                "dimension", "the finest level of the taxonomy (its subdimension where there is one)", essential=True
            ),
            Column(
                "score",
                "number",
                "0 (rejects the value) to 6 (expresses it most strongly)",
                nullable=True,
                low=0,
                high=6,
            ),
            Column("applicable", "bool", "whether the completion says anything on the dimension", default=True),
            Column("rationale", "text", "the judge's reason", nullable=True),
            POSITION,
        ),
        ("completion_id", "judge_id", "dimension"),
    ),
    Table(
        "judge_repeats",
        "completion x judge x dimension, judged once more",
        (
            identifier("completion_id", "the completion"),
            identifier("judge_id", "the judge"),
            Column(
                "kind", "text", "repeat (the same question again) or reworded (the other rubric)", choices=KINDS[1:]
            ),
            identifier("dimension", "the scale"),
            Column("score", "number", "0-6", nullable=True, low=0, high=6),
            Column("applicable", "bool", "whether the completion says anything on the scale"),
            Column("rationale", "text", "the judge's reason", nullable=True),
            POSITION,
        ),
        ("completion_id", "judge_id", "kind", "dimension"),
    ),
    Table(
        "judge_replies",
        "one reply of a judge that could not be read, or not wholly",
        (
            identifier("completion_id", "the completion"),
            identifier("judge_id", "the judge"),
            Column("kind", "text", "first, repeat or reworded", choices=KINDS),
            Column("scales", "text", "the scales that could not be read", nullable=True),
            Column("attempt", "int", "1, or 2: it is asked again once", low=1, high=2),
            Column("reason", "text", "why it could not be read"),
            Column(
                "text", "text", "the reply, at most 2,000 characters of it; all of it is in the ledger", nullable=True
            ),
            identifier("key", "the call's key in the ledger"),
        ),
        ("key",),
    ),
)
