"""From a surface form to a word type: case, spelling, plural, and the noun of its derivational family; every step is named."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from valuelex.errors import BadInput
from valuelex.lexicon.families import bases, nouns
from valuelex.lexicon.mappings import Override, form_key, load_overrides, load_translations
from valuelex.lexicon.settings import LexiconSettings
from valuelex.resources import instruments
from valuelex.tables import own_or_packaged, read_frame

# Headwords that are as often something else in running text ("I share", "to support"); in a list they count.
_WEAK = (
    "help support guide share create explain love care work play power change focus order trust respect hope interest reason "
    "life people world time place part way value values service use experience company power family health money "
    "concern style voice travel identity potential opportunity resolve attachment survival certainty representation prevention "
    "perspective transformation ownership healing talent celebration willingness questioning"
)
_WEAK_IN_PROSE = frozenset(_WEAK.split())

_REMEMBERED, _SHORT = 2**17, 60
"""So many forms, none longer than that, are remembered with what was found: running text repeats itself."""


class Found(NamedTuple):
    """What a form was found to be.

    Attributes
    ----------
    word : str or None
        The word type; None for a form that an override sets aside.
    lemma : str
        The form without inflection, in American spelling: what stands between the form and its word type.
    rule : str or None
        The rules that led there, joined by " + "; None where the form is the word type.
    """

    word: str | None
    lemma: str
    rule: str | None


OVERRIDE, TRANSLATION = "override", "translation"


@dataclass(frozen=True)
class ValueLexicon:
    """The value lexicon: word types, their glosses, and which surface form belongs to which.

    Attributes
    ----------
    glosses : dict of str -> str
        One entry per word type.
    forms : dict of str -> str
        Every surface form (lower case, hyphens as spaces) -> its word type.
    spelling : dict of str -> str
        British -> American.
    non_values : frozenset of str
        Words that are no values.
    overrides : dict of str -> Override
        What the user says of single forms; goes before all rules.
    translations : dict of str -> dict of str -> str
        Language -> form -> English word.
    """

    glosses: dict[str, str]
    forms: dict[str, str]
    spelling: dict[str, str]
    non_values: frozenset[str]
    overrides: dict[str, Override] = field(default_factory=dict)
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    _found: dict[str, Found | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def look_up(self, form: str) -> str | None:
        """Return the word type of a surface form, trying its American spelling and its singular."""
        found = self.find(form)
        return None if found is None else found.word

    def find(self, form: str) -> Found | None:
        """The same with the steps that led there; None if the form is unknown."""
        if form in self._found:
            return self._found[form]
        found = self._find(form)
        if len(form) <= _SHORT:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[form] = found
        return found

    def _find(self, form: str) -> Found | None:
        key = form_key(form)
        override = self.overrides.get(key)
        if override is not None:
            return Found(override.word, key, OVERRIDE)
        for attempt, rule in self._attempts(key):
            word = self.forms.get(attempt)
            if word is not None:
                return self._explained(attempt, word, rule)
        return None

    def _explained(self, form: str, word: str, rule: str) -> Found:
        rules, lemma = [rule] if rule else [], form
        if form != form_key(word):
            for base in bases(form) if " " not in form else ():
                if self.forms.get(base) == word:
                    lemma = base
                    rules.append("inflection")
                    break
            american = " ".join(self.spelling.get(part, part) for part in lemma.split())
            if american != lemma and self.forms.get(american) == word:
                lemma = american
                rules.append("spelling")
            if lemma != form_key(word):
                rules.append("variant")
        return Found(word, lemma, " + ".join(rules) or None)

    def derive(self, form: str) -> Found | None:
        """Return the word type that an unknown word belongs to by rule; None if no rule leads into the lexicon."""
        key = form_key(form)
        for base in bases(key) if " " not in key else ():
            word = self.forms.get(base)
            if word is not None:
                return Found(word, base, "inflection" if base == word else "inflection + variant")
        for noun in nouns(self.spelling.get(key, key), loose=True):
            if noun in self.glosses:
                return Found(noun, key, "derivation")
        return None

    def translate(self, form: str, language: str) -> Found | None:
        """Return the word type of a form of another language, by override or by the declared translations."""
        key = form_key(form)
        override = self.overrides.get(key)
        if override is not None:
            return Found(override.word, key, OVERRIDE)
        english = self.translations.get(language, {}).get(key)
        if english is None:
            return None
        found = self.find(english)
        return Found(english if found is None else found.word, form_key(english), f"{TRANSLATION} {language}")

    def is_non_value(self, form: str) -> bool:
        """Whether the form, or its singular, is on the list of non-values."""
        return any(attempt in self.non_values for attempt, _ in self._attempts(form_key(form)))

    def _attempts(self, key: str) -> list[tuple[str, str]]:
        american = " ".join(self.spelling.get(part, part) for part in key.split())
        spelled = "spelling" if american != key else ""
        out = [(key, ""), (american, spelled), (american.replace(" ", ""), "one word")]
        for form, rule in ((key, "plural"), (american, " + ".join(filter(None, (spelled, "plural"))))):
            if form.endswith("ies"):
                out.append((form[:-3] + "y", rule))
            if form.endswith("es"):
                out.append((form[:-2], rule))
            if form.endswith("s") and not form.endswith("ss"):
                out.append((form[:-1], rule))
        return out

    def in_prose(self, word: str) -> bool:
        """Whether the word type, met in running text, can be taken to name a value."""
        return word in self.glosses and word not in _WEAK_IN_PROSE and len(word) > 4


def load_lexicon(source: str, folder: Path) -> ValueLexicon:
    """Read a value lexicon, the spelling table and the list of non-values.

    Raises
    ------
    BadInput
        If the file lacks a column or one form is claimed by two word types.
    """
    import pandas as pd

    path = own_or_packaged(source, "lexicon", ".csv", folder)
    data = read_frame(path).astype(object).fillna("")
    missing = {"word", "gloss", "variants"} - set(data.columns)
    if missing:
        raise BadInput(
            f"{path}: column {', '.join(sorted(missing))} is missing.", "A value lexicon has word, gloss, variants."
        )
    forms: dict[str, str] = {}
    for word, variants in zip(data["word"], data["variants"], strict=True):
        for form in (word, *filter(None, variants.split("|"))):
            owner = forms.setdefault(form_key(form), word)
            if owner != word:
                raise BadInput(
                    f"{path}: '{form}' stands under {owner} and under {word}.", "Leave it under one of the two."
                )
    folder_ = instruments() / "lexicon"
    spelling = pd.read_csv(folder_ / "spelling.csv", dtype=str)
    non_values = (folder_ / "non_values.txt").read_text(encoding="utf-8").split()
    return ValueLexicon(
        glosses=dict(zip(data["word"], data["gloss"], strict=True)),
        forms=forms,
        spelling=dict(zip(spelling["british"], spelling["american"], strict=True)),
        non_values=frozenset(non_values),
    )


def open_lexicon(settings: LexiconSettings, folder: Path) -> ValueLexicon:
    """Return the value lexicon of a study, with its overrides and translations.

    Raises
    ------
    BadInput
        If one of the files cannot be used.
    """
    lexicon = load_lexicon(settings.values, folder)
    return replace(
        lexicon,
        overrides=load_overrides(settings.overrides, folder),
        translations=load_translations(settings.translations, folder),
    )
