"""Tables of the steps `instrument`, `administer` and `judge`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, RESPONDENT, SAMPLE, STATUS, VALENCES, Column, Table, identifier

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
            Column("source", "text", "bank or template", nullable=True, default="given"),
            Column("bank_id", "text", "the stem's id in the bank", nullable=True),
        ),
        ("item_id",),
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
            Column("text", "text", "the completion, without the stem", essential=True, nullable=True),
            STATUS,
            Column("status_reason", "text", "why the status is what it is", nullable=True),
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
        ),
        ("completion_id", "judge_id", "dimension"),
    ),
)
