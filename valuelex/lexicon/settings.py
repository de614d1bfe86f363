"""The section `lexicon:` of the study file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from valuelex.models import ModelSettings


class ValueJudgeSettings(ModelSettings):
    """A language model that is asked of every word type whether it is a value: the keys of a model, and how it is asked."""

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    """`null` sends none. 0, since the same word should get the same verdict."""
    max_tokens: int = Field(default=16, ge=1)
    """Longest reply, in tokens: it is one word."""
    decides: bool = False
    """Whether its verdict, and not the embedding's, settles words outside the value lexicon. By default it is only reported."""

    @field_validator("id")
    @classmethod
    def _not_another_judge(cls, judge_id: str) -> str:
        if judge_id in ("lexicon", "embedding"):
            raise ValueError(f"'{judge_id}' is a judge of its own; give this one another id")
        return judge_id


class LexiconSettings(BaseModel):
    """How answers become words and which words count as values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_respondents: int = Field(default=2, ge=1)
    """A word type named by fewer respondents is set aside: what one configuration said once is no shared value."""
    values: str = "values"
    """The value lexicon: a name in instruments/lexicon/ or a CSV file with the columns word, gloss, variants."""
    overrides: str | None = None
    """A CSV file of form, word, reason that goes before all rules; an empty word sets the form aside. The table `overrides`
    says how often each row was used."""
    translations: dict[str, str] = {}
    """Language -> CSV file of form, word: what its forms are called in English. Items of an answer in another language that no
    file names are set aside, and counted in the table `languages`."""
    crosswalk: str = "crosswalk"
    """Categories of value theories by hand: a name in instruments/lexicon/, or a CSV file of word, system, category,
    confidence."""
    unknown: bool = True
    """Whether words outside the value lexicon may count, by their embedding; False keeps to the lexicon."""
    false_positives: float = Field(default=0.02, gt=0, lt=1)
    """How many of the words that are no values the embedding may take for one: its threshold is set to that share of the
    non-value anchors, out of fold. A larger share finds more rare values and lets more noise in."""
    judge: ValueJudgeSettings | None = None
    """A language model as a third judge of what is a value."""
