"""Prompt sets and frames: exactly what a model will see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from valuelex.elicitation.respondents import Respondent
from valuelex.elicitation.settings import Prompt
from valuelex.errors import StudyFileError
from valuelex.tables import load_yaml, own_or_packaged

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
        prompts = _from_file(own_or_packaged(source, "prompts", ".yaml", folder))
    else:
        prompts = source
    if not prompts:
        raise StudyFileError(f"elicitation.prompts: no prompts in {source}.", "List at least one {id, text}.")
    pairs = [(p.id, p.frame) for p in prompts]
    repeated = sorted({f"{i} ({f})" for i, f in pairs if pairs.count((i, f)) > 1})
    if repeated:
        raise StudyFileError(
            f"elicitation.prompts: {', '.join(repeated)} stands more than once.", "Give each prompt its own id."
        )
    return prompts


def _from_file(path: Path) -> list[Prompt]:
    content: Any = load_yaml(path)
    rows = content.get("prompts") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise StudyFileError(f"{path}: holds no list of prompts.", "Write prompts: [{id: p1, text: ...}].")
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(Prompt.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(p) for p in first["loc"])
            raise StudyFileError(f"{path}, prompt {number}, {key}: {first['msg']}.", "Mend this key.") from error
    return found


def prompts_for(respondent: Respondent, prompts: Sequence[Prompt]) -> list[Prompt]:
    """Return one prompt per id in the respondent's frame.

    A prompt in the model's own frame comes first, then one for any frame; a prompt that has only the other frame is turned
    into this one (`COMPLETION_FALLBACK` for a pretrained model, the text as a message for a chat model).
    """
    mode = respondent.model.mode
    chosen: dict[str, Prompt] = {}
    for prompt in prompts:
        held = chosen.get(prompt.id)
        if held is None or _fit(prompt, mode) > _fit(held, mode):
            chosen[prompt.id] = prompt
    return list(chosen.values())


def _fit(prompt: Prompt, mode: str) -> int:
    return 2 if prompt.frame == mode else 1 if prompt.frame == "any" else 0


def messages(respondent: Respondent, prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """The chat that a chat model sees: the persona as system message, the prompt as user message."""
    system = (("system", respondent.persona.text),) if respondent.persona else ()
    return (*system, ("user", prompt.text))


def completion_text(respondent: Respondent, prompt: Prompt) -> str:
    """The text that a pretrained model continues: the persona's opening, then the prompt."""
    text = COMPLETION_FALLBACK.format(text=prompt.text) if prompt.frame == "chat" else prompt.text
    if respondent.persona is None:
        return text
    return f"{respondent.persona.completion or respondent.persona.text} {text}"
