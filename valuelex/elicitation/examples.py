"""Few-shot frames: the examples that a pretrained model is shown, rotated so that their effect can be told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from valuelex.elicitation.entries import read_entries
from valuelex.elicitation.settings import ExampleSet
from valuelex.errors import StudyFileError
from valuelex.tables import own_or_packaged


def load_examples(source: str | list[ExampleSet] | None, folder: Path) -> list[ExampleSet]:
    """Return the example sets of a name in instruments/examples/, a file, or an inline list; none for None.

    Raises
    ------
    StudyFileError
        If there is only one set (nothing can then be rotated, and its effect not be told), an id repeats, or the file has
        another form.
    """
    if source is None:
        return []
    sets = source if not isinstance(source, str) else _read(own_or_packaged(source, "examples", ".yaml", folder))
    ids = [s.id for s in sets]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise StudyFileError(
            f"elicitation.few_shot: {', '.join(repeated)} stands more than once.", "Give each set its own id."
        )
    if len(sets) < 2:
        raise StudyFileError(
            "elicitation.few_shot: one set of examples cannot be rotated, and its effect on the answers not be told.",
            "Give at least two sets.",
        )
    return list(sets)


def _read(path: Path) -> list[ExampleSet]:
    return read_entries(path, "sets", ExampleSet, "{id: fruit, topic: Fruit, items: [apple, plum]}")


def show(examples: ExampleSet, frame: str, order: int) -> str:
    """Return a set as a frame shows it; each order turns the items one further."""
    turn = order % len(examples.items)
    items = ", ".join([*examples.items[turn:], *examples.items[:turn]])
    return frame.replace("{topic}", examples.topic).replace("{items}", items)


def shown_words(sets: Sequence[ExampleSet]) -> dict[str, list[str]]:
    """Set id -> its items."""
    return {s.id: list(s.items) for s in sets}
