"""Respondents: models crossed with temperatures, top_p and personas."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from valuelex.elicitation.settings import Persona, RespondentSettings
from valuelex.errors import StudyFileError
from valuelex.models import Model, setting_id
from valuelex.models.seeds import short_id


@dataclass(frozen=True)
class Respondent:
    """One configuration of one model."""

    model: Model
    temperature: float | None
    top_p: float | None
    persona: Persona | None

    @property
    def id(self) -> str:
        """Readable and unique: model / temperature / top_p / persona."""
        persona = f"/{self.persona.id}" if self.persona else ""
        return f"{self.model.id}/{setting_id(self.temperature, self.top_p)}{persona}"


def respondents(models: Sequence[Model], settings: RespondentSettings) -> list[Respondent]:
    """Cross models with settings, models outermost so that each is loaded once.

    Raises
    ------
    StudyFileError
        If two personas have the same id.
    """
    personas = _personas(settings)
    return [
        Respondent(model, temperature, top_p, persona)
        for model, persona, temperature, top_p in itertools.product(
            models, personas, dict.fromkeys(settings.temperature), dict.fromkeys(settings.top_p)
        )
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
