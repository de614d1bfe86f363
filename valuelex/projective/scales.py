"""The scales of a test: the finest level of a taxonomy, from this study, from instruments/taxonomies/, or from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valuelex.errors import BadInput, DataError, StudyFileError
from valuelex.tables import load_yaml, own_or_packaged

PUBLISHED = ("valuelex", "schwartz", "moral-foundations")
"""The taxonomies in instruments/taxonomies/, in the order in which names are looked up."""


@dataclass(frozen=True)
class Scale:
    """What a completion is scored on: a subdimension, or a dimension that has none.

    Attributes
    ----------
    name : str
        Unique in its taxonomy, letter case aside.
    dimension : str
        The dimension it belongs to; its own name where it is one.
    subdimension : str or None
        The name, or None where the scale is the dimension itself.
    words : tuple of str
        The value nouns that make it up, at least one.
    definition : str or None
        Where the taxonomy gives one.
    """

    name: str
    dimension: str
    subdimension: str | None
    words: tuple[str, ...]
    definition: str | None = None


def own_scales(taxonomy: Mapping[str, Any]) -> list[Scale]:
    """Return the scales of a study's taxonomy.json.

    Raises
    ------
    DataError
        If it has no dimensions, a dimension has no words, or a name repeats.
    """
    if not taxonomy.get("dimensions"):
        reasons = " ".join(str(reason) for reason in taxonomy.get("reasons") or [])
        raise DataError(
            f"The study's own taxonomy has no dimensions, so there is nothing to test. {reasons}".strip(),
            "Collect more answers, or test with 'instrument: {taxonomy: valuelex}' (or schwartz, moral-foundations).",
        )
    return _scales(taxonomy, "taxonomy.json", DataError)


def named_scales(source: str, folder: Path) -> list[Scale]:
    """Return the scales of a taxonomy in instruments/taxonomies/ or of a YAML file (a path relative to `folder`).

    Raises
    ------
    BadInput
        If there is no such taxonomy.
    StudyFileError
        If the file has another form.
    """
    path = own_or_packaged(source, "taxonomies", ".yaml", folder)
    content = load_yaml(path)
    if not isinstance(content, Mapping):
        raise StudyFileError(f"{path}: is no mapping with 'dimensions'.", "See instruments/taxonomies/valuelex.yaml.")
    return _scales(content, str(path), StudyFileError)


def _scales(content: Mapping[str, Any], where: str, wrong: type[BadInput]) -> list[Scale]:
    dimensions = content.get("dimensions")
    if not isinstance(dimensions, list) or not dimensions:
        raise wrong(f"{where}: holds no list of dimensions.", "Write dimensions: [{name: ..., words: [...]}].")
    found: list[Scale] = []
    for number, dimension in enumerate(dimensions, start=1):
        parent = _name(dimension, f"{where}, dimension {number}", wrong)
        parts = dimension.get("subdimensions") or [dimension]
        if not isinstance(parts, list):
            raise wrong(
                f"{where}, dimension {parent}: 'subdimensions' is no list.", "Write [{name: ..., words: [...]}]."
            )
        for part in parts:
            name = _name(part, f"{where}, dimension {parent}", wrong)
            # A lone subdimension of its dimension's name (moral foundations) is the dimension.
            alone = part is dimension or (len(parts) == 1 and name == parent)
            given = part.get("words")
            odd = [word for word in given if not isinstance(word, str)] if isinstance(given, list) else []
            if odd:
                raise wrong(
                    f"{where}: '{name}' has a word that is no text: {odd[0]!r}.",
                    "Write words, and in quotes those that YAML reads otherwise ('no', 'null').",
                )
            words = [w.strip() for w in given] if isinstance(given, list) else []
            words = list(dict.fromkeys(w for w in words if w))
            if not words:
                raise wrong(f"{where}: '{name}' has no words.", "Give it at least one value noun under 'words'.")
            definition = str(part["definition"]).strip() if part.get("definition") else None
            found.append(Scale(name, parent, None if alone else name, tuple(words), definition))
    names = [scale.name.casefold() for scale in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise wrong(f"{where}: the name {', '.join(repeated)} stands more than once.", "Give each scale its own name.")
    return found


def _name(part: Any, where: str, wrong: type[BadInput]) -> str:
    name = part.get("name") if isinstance(part, Mapping) else None
    if name is None or not str(name).strip():
        raise wrong(f"{where}: has no name.", "Write {name: ..., words: [...]}.")
    return str(name).strip()
