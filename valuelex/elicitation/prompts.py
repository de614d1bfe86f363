"""Prompt sets and frames: exactly what a model will see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valuelex.elicitation.entries import read_entries
from valuelex.elicitation.respondents import Respondent
from valuelex.elicitation.settings import Prompt
from valuelex.errors import StudyFileError
from valuelex.tables import load_yaml, own_or_packaged

NEUTRAL = (
    Prompt(
        id="neutral",
        frame="chat",
        text="Which ten words come to mind? Answer with single words separated by commas.",
    ),
    Prompt(id="neutral", frame="completion", text="Words (one word each): 1."),
)
"""The neutral frames of a prompt set that names none: they ask for words in the same form, and not for values."""

COMPLETION_FALLBACK = "Question: {text}\nAnswer (single words, separated by commas):"
"""How a prompt that has only a chat frame is put to a pretrained model."""


def load_prompts(source: str | list[Prompt], folder: Path) -> list[Prompt]:
    """Return the prompts of a set, a file, or an inline list.

    Parameters
    ----------
    source : str or list of Prompt
        A name in instruments/prompts/, a path relative to `folder`, or the prompts themselves.
    folder : Path
        Where the study file lies.

    Raises
    ------
    StudyFileError
        If there is no prompt, an id repeats within a frame, or the file has another form.
    """
    if isinstance(source, str):
        path = own_or_packaged(source, "prompts", ".yaml", folder)
        prompts = read_entries(path, "prompts", Prompt, "{id: p1, text: ...}")
    else:
        prompts = source
    if not prompts:
        raise StudyFileError(f"elicitation.prompts: no prompts in {source}.", "List at least one {id, text}.")
    pairs = [(p.id, p.frame, p.language) for p in prompts]
    repeated = sorted({f"{i} ({f}, {lang})" for i, f, lang in pairs if pairs.count((i, f, lang)) > 1})
    if repeated:
        raise StudyFileError(
            f"elicitation.prompts: {', '.join(repeated)} stands more than once.", "Give each prompt its own id."
        )
    return prompts


def load_neutral(source: str | list[Prompt], folder: Path) -> list[Prompt]:
    """Return the neutral frames of a prompt set: its key `neutral`, or `NEUTRAL` where it has none."""
    if isinstance(source, str):
        path = own_or_packaged(source, "prompts", ".yaml", folder)
        content: Any = load_yaml(path)
        if isinstance(content, dict) and content.get("neutral"):
            return read_entries(path, "neutral", Prompt, "{id: neutral, text: ...}")
    return list(NEUTRAL)


def prompts_for(respondent: Respondent, prompts: Sequence[Prompt]) -> list[Prompt]:
    """Return one prompt per id in the respondent's language and frame.

    A prompt in the model's own frame comes first, then one for any frame; a prompt that has only the other frame is turned
    into this one (`COMPLETION_FALLBACK` for a pretrained model, the text as a message for a chat model).

    Raises
    ------
    StudyFileError
        If there is no prompt in the respondent's language.
    """
    mode = respondent.model.mode
    chosen: dict[str, Prompt] = {}
    for prompt in prompts:
        if prompt.language != respondent.language:
            continue
        held = chosen.get(prompt.id)
        if held is None or _fit(prompt, mode) > _fit(held, mode):
            chosen[prompt.id] = prompt
    if not chosen:
        raise StudyFileError(
            f"respondents.languages: no prompt has the language '{respondent.language}'.",
            "Add prompts with this 'language', or leave the language out.",
        )
    return list(chosen.values())


def _fit(prompt: Prompt, mode: str) -> int:
    return 2 if prompt.frame == mode else 1 if prompt.frame == "any" else 0


@dataclass(frozen=True)
class Wording:
    """A prompt as it is put in one cell of the design: its order, and the examples that a few-shot frame shows."""

    prompt: Prompt
    order: int = 0
    examples: str | None = None
    """Id of the example set."""
    shown: str = ""
    """The examples as they are shown."""

    @property
    def text(self) -> str:
        """The prompt with its parts in the order of the cell."""
        return self.prompt.reordered if self.order and self.prompt.reordered else self.prompt.text


def messages(respondent: Respondent, wording: Wording) -> tuple[tuple[str, str], ...]:
    """The chat that a chat model sees: the persona as system message, the prompt as user message."""
    system = (("system", respondent.persona.text),) if respondent.persona else ()
    return (*system, ("user", wording.text))


def completion_text(respondent: Respondent, wording: Wording) -> str:
    """The text that a pretrained model continues: the examples, if any, the persona's opening, then the prompt."""
    text = wording.text
    if wording.prompt.frame == "chat":
        text = COMPLETION_FALLBACK.format(text=text)
    if respondent.persona is not None:
        text = f"{respondent.persona.completion or respondent.persona.text} {text}"
    return f"{wording.shown}\n{text}" if wording.shown else text
