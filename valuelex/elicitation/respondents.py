"""Respondents: models crossed with temperatures, top_p, personas and languages, fully or in part."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from valuelex.elicitation.balance import balanced_fraction
from valuelex.elicitation.settings import Persona, RespondentSettings
from valuelex.errors import StudyFileError
from valuelex.models import Model, setting_id
from valuelex.models.seeds import call_seed, short_id

ENGLISH = "en"
"""The language that a respondent's id does not name."""


@dataclass(frozen=True)
class Respondent:
    """One configuration of one model."""

    model: Model
    temperature: float | None
    top_p: float | None
    persona: Persona | None
    language: str = ENGLISH

    @property
    def id(self) -> str:
        """Readable and unique: model / temperature / top_p / persona / language."""
        persona = f"/{self.persona.id}" if self.persona else ""
        language = f"/{self.language}" if self.language != ENGLISH else ""
        return f"{self.model.id}/{setting_id(self.temperature, self.top_p)}{persona}{language}"


def respondents(models: Sequence[Model], settings: RespondentSettings, *, seed: int = 0) -> list[Respondent]:
    """Cross models with settings, models outermost so that each is loaded once.

    Parameters
    ----------
    models : sequence of Model
    settings : RespondentSettings
        With `total`, a balanced fraction of the full crossing.
    seed : int
        Of that fraction.

    Raises
    ------
    StudyFileError
        If two personas have the same id, or `total` is more than the full crossing holds.
    """
    grid = list(
        itertools.product(
            _personas(settings),
            dict.fromkeys(settings.temperature),
            dict.fromkeys(settings.top_p),
            dict.fromkeys(settings.languages),
        )
    )
    if not models:
        return []
    full = len(models) * len(grid)
    if settings.total is not None and settings.total > full:
        raise StudyFileError(
            f"respondents.total: {settings.total} respondents are wanted, and {len(models)} models x {len(grid)} settings "
            f"make {full}.",
            "Add temperatures, top_p, personas or models, or lower the total.",
        )
    # The whole crossing is the fraction that holds every cell.
    part = balanced_fraction(len(models), len(grid), settings.total or full, seed=call_seed(seed, "respondents"))
    return [
        Respondent(model, temperature, top_p, persona, language)
        for model, mine in zip(models, part, strict=True)
        for persona, temperature, top_p, language in (grid[i] for i in mine)
    ]


def scored_respondents(models: Sequence[Model], settings: RespondentSettings) -> list[Respondent]:
    """The respondents of the log-probability mode: nothing is sampled, so that temperature and top_p tell none apart."""
    return [
        Respondent(model, None, None, persona, language)
        for model in models
        for persona in _personas(settings)
        for language in dict.fromkeys(settings.languages)
    ]


def _personas(settings: RespondentSettings) -> list[Persona | None]:
    given = settings.personas or [None]
    found = [Persona(id=_slug(p), text=p) if isinstance(p, str) else p for p in given]
    ids = [p.id if p else "" for p in found]
    repeated = sorted({i or "null" for i in ids if ids.count(i) > 1})
    if repeated:
        raise StudyFileError(
            f"respondents.personas: {', '.join(repeated)} stands more than once.", "Give each persona an id of its own."
        )
    return found


def _slug(text: str) -> str:
    """A readable id; a long or non-Latin text gets some digits of its hash, so that no two share one."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    short = plain[:40].rstrip("-")
    return short if plain and short == plain and text.isascii() else f"{short}-{short_id(text)[:6]}".strip("-")
