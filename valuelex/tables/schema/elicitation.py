"""Tables of the step `elicit`."""

from __future__ import annotations

from valuelex.tables.schema.kinds import MODEL, RESPONDENT, SAMPLE, STATUS, Column, Table, identifier

TABLES = (
    Table(
        "responses",
        "one LLM call that returned",
        (
            identifier("response_id", "hash of respondent, prompt and sample"),
            identifier("respondent_id", RESPONDENT.about, essential=True),
            MODEL,
            identifier("prompt_id", "the prompt's id in the prompt set"),
            SAMPLE,
            Column("temperature", "number", "sampling temperature", nullable=True, low=0),
            Column("top_p", "number", "nucleus sampling mass", nullable=True, low=0, high=1),
            Column("persona", "text", "id of the respondent's persona or context", nullable=True),
            Column("seed", "int", "the seed sent with the call", nullable=True),
            Column("mode", "text", "chat or completion", choices=("chat", "completion"), default="chat"),
            Column(
                "elicitation",
                "text",
                "open (free answer), closed (declared vocabulary) or logprob (every word scored, none sampled)",
                default="open",
            ),
            Column("language", "text", "language of the prompt, ISO 639-1", default="en"),
            Column("wording", "text", "what the prompt's wording varies", nullable=True),
            Column(
                "order",
                "int",
                "0: the prompt's parts, examples and word list as written; 1, ...: rotated",
                low=0,
                default=0,
            ),
            Column("examples", "text", "the set of examples that a few-shot frame showed", nullable=True),
            Column("text", "text", "the answer, as it came", essential=True, nullable=True),
            STATUS,
            Column("status_reason", "text", "why the status is what it is", nullable=True),
            Column("labels", "text", "everything that was noticed about the answer, separated by |", nullable=True),
            Column("n_tokens_in", "int", "prompt tokens", nullable=True, low=0),
            Column("n_tokens_out", "int", "answer tokens", nullable=True, low=0),
            Column("latency_s", "number", "seconds from request to answer", nullable=True, low=0),
        ),
        ("response_id",),
    ),
    Table(
        "word_scores",
        "one vocabulary word scored in one frame (logprob mode)",
        (
            identifier("response_id", "the frame: its row in responses"),
            identifier("word", "the word as the vocabulary has it"),
            Column("logprob", "number", "natural log of the probability of the word after the frame", nullable=True),
            Column("n_tokens", "int", "tokens of the word", low=1),
            Column("baseline", "number", "its log probability after the neutral frame", nullable=True),
            Column("score", "number", "(logprob - baseline) / n_tokens; without baseline logprob / n_tokens"),
            Column("rank", "int", "1 for the highest score in the frame", low=1),
        ),
        ("response_id", "word"),
    ),
    Table(
        "quality",
        "one label in the answers of one model",
        (
            MODEL,
            Column("elicitation", "text", "open, closed or logprob"),
            identifier("label", "what was noticed: refusal, disclaimer, prompt echo, example echo, repetition, ..."),
            Column("n", "int", "answers", low=0),
            Column("k", "int", "of them with the label", low=0),
            Column("rate", "number", "k / n", nullable=True, low=0, high=1),
            Column("ci_low", "number", "lower end of its 95 % interval", nullable=True, low=0, high=1),
            Column("ci_high", "number", "upper end", nullable=True, low=0, high=1),
            Column(
                "n_effective",
                "number",
                "n divided by the design effect of asking the same respondents again",
                nullable=True,
                low=0,
            ),
            Column("method", "text", "of the interval"),
        ),
        ("model_id", "elicitation", "label"),
    ),
)
