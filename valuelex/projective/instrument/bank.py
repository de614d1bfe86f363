"""The bank of stems: the packaged one (instruments/stems/bank.yaml), or a file of the user's of the same form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from valuelex.projective.instrument.strict_yaml import read_checked
from valuelex.projective.text import bare
from valuelex.resources import find

Valence = Literal["positive", "negative", "neutral", "trade-off"]
Person = Literal["first", "third", "impersonal"]


def one_line(text: str) -> str:
    """Return a stem's text without edges; raise `ValueError` for one that is empty or longer than a line."""
    plain = text.strip()
    if not any(character.isalpha() for character in bare(plain)):
        raise ValueError("a stem needs words")
    if not plain.isprintable():
        raise ValueError("a stem is one line")
    return plain


Text = Annotated[str, AfterValidator(one_line)]


class Stem(BaseModel):
    """One stem of a bank."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    text: Text
    valence: Valence
    id: str | None = None
    themes: list[str] = Field(default_factory=list)
    """The values that it touches, by which it finds its scale; without any the text itself is embedded."""
    home: str | None = None
    """The scale that it belongs to, where the taxonomy has one of this name."""
    person: Person | None = None


class Bank(BaseModel):
    """A file of stems."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stems: Annotated[list[Stem], Field(min_length=1)]
    name: str = ""
    version: int = 1
    language: str = "en"


def load_bank(name: str | None, folder: Path) -> list[Stem]:
    """Return the stems of the packaged bank, or of the user's file (a path relative to `folder`).

    Raises
    ------
    StudyFileError
        With file, line and key: another form, an id or a text that stands twice.
    """
    path = find("stems", "bank.yaml") if name is None else folder / name
    checked = read_checked(path, Bank, "stems: [{text: ..., valence: positive}]")
    ids: set[str] = set()
    texts: set[str] = set()
    for i, stem in enumerate(checked.form.stems):
        text = bare(stem.text).casefold()
        if text in texts:
            raise checked.wrong(("stems", i), f"the stem '{stem.text}' stands twice.", "Keep one of the two.")
        if stem.id is not None and stem.id in ids:
            raise checked.wrong(("stems", i), f"id {stem.id} stands twice.", "Give each stem its own id.")
        texts.add(text)
        ids |= {stem.id} if stem.id is not None else set()
    return checked.form.stems
