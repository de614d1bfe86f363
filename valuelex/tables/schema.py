"""The published schema of every table and document in results/: the interface between the steps.

A table is long: one row is one observation. `essential` columns must be in a table that someone else made; the others are
filled (see `Column.default`) when only the earlier stage could have known them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "number", "bool"]


@dataclass(frozen=True)
class Column:
    """One column: its name, kind, and what may stand in it.

    Parameters
    ----------
    name, kind, about
        The column's name, its type, and one line of documentation (the data dictionary is made from it).
    essential : bool
        Whether a table that was made elsewhere must have it.
    nullable : bool
        Whether a cell may be empty.
    choices : tuple of str
        The allowed texts; empty for any.
    low, high : float or None
        The allowed range, both ends included.
    default : object
        What fills the column when an outside table lacks it; None leaves it empty.
    """

    name: str
    kind: Kind
    about: str
    essential: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: Any = None


@dataclass(frozen=True)
class Table:
    """A table's name, what a row is, its declared columns, and the name of its open-ended columns if it has any.

    `key` names the columns that identify a row. `wide` says what further columns mean (``F1`` .. ``Fk``).
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    wide: str = ""

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


def _id(name: str, about: str, *, essential: bool = False) -> Column:
    return Column(name, "text", about, essential=essential)


STATUSES = ("ok", "refused", "invalid", "error")
VALENCES = ("positive", "negative", "neutral", "trade-off")

_RESPONDENT = _id("respondent_id", "a configuration: model / temperature / top_p / persona")
_MODEL = _id("model_id", "the model's id in the registry or the study file")
_SAMPLE = Column("sample_index", "int", "0, 1, ... among repeated samples of the same cell", low=0, default=0)
_STATUS = Column(
    "status",
    "text",
    "ok, refused (declines or disclaims), invalid (nothing usable), error (the endpoint failed)",
    choices=STATUSES,
    default="ok",
)

_TABLES = (
    Table(
        "responses",
        "one LLM call that returned",
        (
            _id("response_id", "hash of respondent, prompt and sample"),
            _id("respondent_id", _RESPONDENT.about, essential=True),
            _MODEL,
            _id("prompt_id", "the prompt's id in the prompt set"),
            _SAMPLE,
            Column("temperature", "number", "sampling temperature", nullable=True, low=0),
            Column("top_p", "number", "nucleus sampling mass", nullable=True, low=0, high=1),
            Column("persona", "text", "id of the respondent's persona or context", nullable=True),
            Column("seed", "int", "the seed sent with the call", nullable=True),
            Column("mode", "text", "chat or completion", choices=("chat", "completion"), default="chat"),
            Column("elicitation", "text", "open (free answer) or closed (declared vocabulary)", default="open"),
            Column("text", "text", "the answer, as it came", essential=True, nullable=True),
            _STATUS,
            Column("status_reason", "text", "why the status is what it is", nullable=True),
            Column("n_tokens_in", "int", "prompt tokens", nullable=True, low=0),
            Column("n_tokens_out", "int", "answer tokens", nullable=True, low=0),
            Column("latency_s", "number", "seconds from request to answer", nullable=True, low=0),
        ),
        ("response_id",),
    ),
    Table(
        "words",
        "one word in one answer",
        (
            _id("response_id", "the answer it stands in"),
            _id("respondent_id", _RESPONDENT.about, essential=True),
            _MODEL,
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
            _id("word", "the word type", essential=True),
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
        "assignments",
        "one word type",
        (
            _id("word", "the word type", essential=True),
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
        "loadings", "a word (pattern matrix)", (_id("word", "the word type"),), ("word",), wide="one column per factor"
    ),
    Table(
        "structure",
        "a word (structure matrix)",
        (_id("word", "the word type"),),
        ("word",),
        wide="one column per factor",
    ),
    Table("factor_correlations", "a factor", (_id("factor", "the factor"),), ("factor",), wide="one column per factor"),
    Table(
        "retention",
        "one criterion",
        (
            _id("criterion", "name of the criterion"),
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
            _id("name", "the cluster's or factor's name"),
            Column("statistic", "text", "what was measured"),
            Column("mean", "number", "over the resamples", nullable=True),
            Column("ci_low", "number", "lower end: the percentile that `statistic` names", nullable=True),
            Column("ci_high", "number", "upper end", nullable=True),
            Column("n_resamples", "int", "how many resamples gave a solution", low=0),
        ),
        ("kind", "name", "statistic"),
    ),
    Table(
        "instrument",
        "one item",
        (
            _id("item_id", "the item", essential=True),
            _id("stem", "the unfinished sentence", essential=True),
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
            _id("completion_id", "hash of item, respondent and sample"),
            _id("item_id", "the item", essential=True),
            _RESPONDENT,
            _id("model_id", _MODEL.about, essential=True),
            _SAMPLE,
            Column("text", "text", "the completion, without the stem", essential=True, nullable=True),
            _STATUS,
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
            _id("completion_id", "the completion", essential=True),
            _id("judge_id", "the judge", essential=True),
            _id("dimension", "the finest level of the taxonomy (its subdimension where there is one)", essential=True),
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
    Table(
        "scores",
        "model x dimension",
        (
            _id("model_id", _MODEL.about, essential=True),
            Column(
                "level", "text", "dimension or subdimension", choices=("dimension", "subdimension"), default="dimension"
            ),
            _id("dimension", "the dimension or subdimension", essential=True),
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
    Table(
        "comparisons",
        "one contrast",
        (
            _id("contrast", "what is compared with what"),
            _id("dimension", "on which dimension"),
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

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
"""Every table by name."""

CSV_ONLY = frozenset({"stability"})
"""Tables that are written as CSV alone."""

DOCUMENTS: dict[str, str] = {
    "taxonomy": "taxonomy.json",
    "adequacy": "adequacy.json",
    "reliability": "reliability.json",
    "manual": "instrument.yaml",
    "judging": "judging.json",
    "report": "report.html",
}
"""What a stage writes beside tables: name -> file."""
