"""Candidates for stems: from the bank, and from templates filled with a scale's words (a language model's: see `writer`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from valuelex.projective.instrument.bank import Stem
from valuelex.projective.instrument.wording import is_first_person
from valuelex.projective.scales import Scale
from valuelex.projective.text import bare
from valuelex.resources import find
from valuelex.tables import load_yaml

SOURCES = ("bank", "writer", "template")
"""In the order in which a cell is filled. A template names a value, so it only fills what the others leave open."""


@dataclass(frozen=True)
class Candidate:
    """A stem that may become an item.

    Attributes
    ----------
    text : str
    source : str
        bank, writer or template.
    valence : str
    themes : tuple of str
        The values that it touches; a stem without themes is its own theme.
    person : str or None
        first, third, impersonal; None where nobody said.
    scale : int or None
        Number of the scale that it was written for; None for one that goes where it fits best.
    bank_id : str or None
    unusable : str or None
        Why a language model's reply is no stem at all.
    """

    text: str
    source: str
    valence: str
    themes: tuple[str, ...]
    person: str | None = None
    scale: int | None = None
    bank_id: str | None = None
    unusable: str | None = None

    @property
    def by_text(self) -> bool:
        """Whether its text stands in for themes: its fit is then a weaker measure."""
        return self.themes == (self.text,)


def from_bank(stems: Sequence[Stem], scales: Sequence[Scale], *, homes: bool) -> list[Candidate]:
    """Return the candidates of a bank; with `homes`, a stem whose home is the name of a scale belongs to that scale."""
    number = {scale.name.casefold(): s for s, scale in enumerate(scales)} if homes else {}
    return [
        Candidate(
            text=bare(stem.text),
            source="bank",
            valence=stem.valence,
            themes=tuple(stem.themes) or (bare(stem.text),),
            person=stem.person or ("first" if is_first_person(stem.text) else None),
            scale=number.get((stem.home or "").casefold()),
            bank_id=stem.id,
        )
        for stem in stems
    ]


def load_templates() -> dict[str, list[dict[str, str]]]:
    """Return the packaged templates by valence: text with {word}, and {other} in some, and person."""
    found: dict[str, list[dict[str, str]]] = load_yaml(find("manuals", "generic.yaml"))["stem_templates"]
    return found


def from_templates(
    templates: Mapping[str, Sequence[Mapping[str, str]]], scale: Scale, number: int, valence: str
) -> Iterator[Candidate]:
    """Yield every template with every word of a scale, both in rotation from template `number`.

    So scales do not all begin with the same template, and a template comes back only after all others. One of two words needs a
    scale of two.
    """
    words = scale.words
    usable = [t for t in templates[valence] if "{other}" not in t["text"] or len(words) > 1]
    for turn in range(len(words)):
        for place in range(len(usable)):
            template = usable[(number + place) % len(usable)]
            word, other = words[(turn + place) % len(words)], words[(turn + place + 1) % len(words)]
            text = template["text"].format(word=word, other=other)
            themes = (word, other) if "{other}" in template["text"] else (word,)
            yield Candidate(text[0].upper() + text[1:], "template", valence, themes, template["person"], number)
