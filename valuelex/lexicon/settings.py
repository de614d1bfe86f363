"""The section `lexicon:` of the study file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LexiconSettings(BaseModel):
    """How answers become words and which words count as values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_respondents: int = Field(default=2, ge=1)
    """A word type named by fewer respondents is set aside: what one configuration said once is no shared value."""
    values: str = "values"
    """The value lexicon: a name in instruments/lexicon/ or a CSV file with the columns word, gloss, variants."""
    unknown: bool = True
    """Whether words outside the value lexicon may count, by their embedding; False keeps to the lexicon."""
    margin: float = Field(default=0.12, ge=-1, le=1)
    """An unknown word is a value if it is this much nearer (cosine, mean of three) to values than to non-values."""
    nearest: float = Field(default=0.5, ge=-1, le=1)
    """... and if the nearest value is at least this near: a made-up word is near nothing."""
