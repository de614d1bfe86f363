"""The file of a person's edits: rename, move, merge and split, in order, each with a reason and a name.

::

    - rename: {piece: Honesty, to: Integrity}
      reason: the usual name
      by: AB
    - move: {words: [grit, stamina], to: Competence / Diligence}     # to: null leaves them without a dimension
    - merge: {pieces: [Care, Warmth], to: Care}
    - split: {piece: Care, into: {Family: [loyalty, love], Mercy: [compassion]}}

A piece is a dimension or a subdimension, by its name, by both ("Dimension / Subdimension"), or by words that it holds
(``{holding: [honesty, trust]}``), since computed names can change from run to run.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from valuelex.errors import BadInput
from valuelex.tables.yaml_lines import line_of, read_with_lines, repeated_key

FILE = "edits.yaml"
"""Beside study.yaml: found without being named."""

LONGEST_NAME = 80
"""Characters of a piece's name."""

SEPARATOR = " / "
"""Between a dimension and its subdimension."""

Operation = Literal["rename", "move", "merge", "split"]


def plain_word(word: str) -> str:
    """How words are compared: lower case, white space as one blank, no edges."""
    return " ".join(word.split()).casefold()


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a name is one line of 1 to {LONGEST_NAME} characters")
    if SEPARATOR.strip() in name.split():
        raise ValueError(f"a name cannot hold '{SEPARATOR}': it stands between a dimension and its subdimension")
    return name


def _words(words: list[str]) -> list[str]:
    plain = [plain_word(w) for w in words]
    if "" in plain:
        raise ValueError("a word is empty")
    repeated = sorted({w for w in plain if plain.count(w) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands more than once")
    return plain


Name = Annotated[str, AfterValidator(_name)]
Words = Annotated[list[str], Field(min_length=1), AfterValidator(_words)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PieceRef(_Form):
    """Which piece is meant: a text in the file is its name; else words that it holds."""

    name: str = ""
    holding: Words | None = None
    """More than half of these words stand in the piece."""
    level: Literal["dimension", "subdimension"] = "dimension"
    """With `holding`: whether their dimension or their subdimension is meant."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            if not value.strip():
                raise ValueError("names no piece")
            return {"name": value.strip()}
        if isinstance(value, Mapping) and "holding" in value and "name" not in value:
            return value
        raise ValueError("a piece is its name, or {holding: [words]}")

    def __str__(self) -> str:
        return self.name or f"the {self.level} holding {', '.join(self.holding or [])}"


class Rename(_Form):
    """Another name; nothing else changes."""

    piece: PieceRef
    to: Name


class Move(_Form):
    """Words to a piece that is there, or to none."""

    words: Words
    to: PieceRef | None


class Merge(_Form):
    """Pieces of one level become one, in the place of the first."""

    pieces: Annotated[list[PieceRef], Field(min_length=2)]
    to: Name


class Split(_Form):
    """Words of a piece become pieces of their own; words that are not named stay under the old name."""

    piece: PieceRef
    into: Annotated[dict[Name, Words], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_word_once(self) -> Split:
        words = [w for part in self.into.values() for w in part]
        repeated = sorted({w for w in words if words.count(w) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} stands in more than one part")
        names = [plain_word(n) for n in self.into]
        if len(set(names)) < len(names):
            raise ValueError("two parts have one name, letter case aside")
        return self


class Edit(_Form):
    """One entry of the file: exactly one operation."""

    rename: Rename | None = None
    move: Move | None = None
    merge: Merge | None = None
    split: Split | None = None
    reason: str | None = None
    by: str | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Edit:
        given = [name for name in OPERATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"an edit has exactly one of {', '.join(OPERATIONS)}; this one has {len(given)}")
        return self

    @property
    def operation(self) -> str:
        return next(name for name in OPERATIONS if getattr(self, name) is not None)

    @property
    def target(self) -> str:
        """The edit in one line, as the table `edits` has it."""
        if self.rename is not None:
            return f"{self.rename.piece} -> {self.rename.to}"
        if self.move is not None:
            return f"{', '.join(self.move.words)} -> {self.move.to or 'no dimension'}"
        if self.merge is not None:
            return f"{' + '.join(map(str, self.merge.pieces))} -> {self.merge.to}"
        assert self.split is not None
        return f"{self.split.piece} -> {' + '.join(self.split.into)}"


OPERATIONS: tuple[Operation, ...] = ("rename", "move", "merge", "split")


@dataclass(frozen=True)
class Edits:
    """The edits of one file, in order."""

    items: tuple[Edit, ...]
    source: str = FILE

    def __len__(self) -> int:
        return len(self.items)

    @classmethod
    def of(cls, content: Sequence[Mapping[str, Any]]) -> Edits:
        """Return edits given as plain data; raise `BadInput` if they have another form."""
        return _checked(content, None, "edits")


def load_edits(path: str | Path) -> Edits:
    """Read a file of edits; a file of comments alone holds none.

    Raises
    ------
    BadInput
        With file, line and key: no such file, no YAML, no list, an unknown key, a key twice, a word twice.
    """
    path = Path(path)
    tree, content = read_with_lines(path)
    if (twice := repeated_key(tree)) is not None:
        raise BadInput(
            f"{path}, line {twice[1]}: key '{twice[0]}' stands twice.",
            "Begin each edit with '- '; keep one of the two.",
        )
    return _checked(content or [], tree, str(path))


_LIST = TypeAdapter(list[Edit])


def _checked(content: Any, tree: yaml.Node | None, source: str) -> Edits:
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise BadInput(
            f"{source}, line 1: holds no list of edits.",
            "Begin each edit with '- ', such as: - rename: {piece: A, to: B}",
        )
    try:
        return Edits(tuple(_LIST.validate_python(list(content))), source)
    except ValidationError as error:
        raise _explain(source, tree, error) from error


def _explain(source: str, tree: yaml.Node | None, error: ValidationError) -> BadInput:
    """Turn the first complaint into one sentence with file, line and key."""
    # A key that is not known is most often why another one is missing.
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    loc = [part for part in first["loc"] if part != "[key]"]
    line = line_of(tree, loc)
    where = f"{source}, line {line}" if line else f"{source}, edit {int(loc[0]) + 1}"
    key = ".".join(str(part) for part in loc[1:])
    if first["type"] == "extra_forbidden":
        forms: dict[Any, type[BaseModel]] = {"rename": Rename, "move": Move, "merge": Merge, "split": Split}
        form = forms.get(loc[1], Edit) if len(loc) > 2 else Edit
        known = sorted(form.model_fields)
        close = difflib.get_close_matches(str(loc[-1]), known, n=1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"Known keys here: {', '.join(known)}."
        return BadInput(f"{where}: unknown key '{key}'.", remedy)
    if first["type"] == "missing":
        return BadInput(f"{where}: key '{key}' is missing.", f"Add it: {loc[-1]}: ...")
    said = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = f" (it is {str(given)[:60]!r})" if isinstance(given, (bool, int, float)) else ""
    return BadInput(
        f"{where}: {f'{key}: ' if key else ''}{said}{shown}.",
        "See docs/method.md; words such as yes or no need quotes.",
    )


def edits_path(setting: str | None, folder: Path) -> Path | None:
    """Return the file of edits: the one that is named, or edits.yaml if it is there; None if there is none.

    Raises
    ------
    BadInput
        If a named file does not exist or is no YAML file.
    """
    path = folder / (setting or FILE)
    if path.suffix not in (".yaml", ".yml"):
        raise BadInput(f"taxonomy.edits: {path} is no YAML file.", "Give a file that ends in .yaml.")
    if path.is_file():
        return path
    if setting is not None:
        raise BadInput(f"taxonomy.edits: {path} does not exist.", "Give a YAML file, relative to the study file.")
    return None


def starting_file(taxonomy: Mapping[str, Any]) -> str:
    """Return a commented edits.yaml that lists the pieces of a taxonomy (the computed one) and holds no edit yet."""
    lines = [
        "# Edits by hand, replayed in this order on top of the computed taxonomy. Remove the '#' of an example to use it.",
        "# Each edit may have 'reason:' and 'by:'. An edit that no longer fits is reported, never dropped silently.",
        "#",
        "# - rename: {piece: Old name, to: New name}",
        "# - move: {words: [one, another], to: Dimension / Subdimension}   # to: null takes them out of all dimensions",
        "# - merge: {pieces: [Name, Other name], to: New name}",
        "# - split: {piece: Name, into: {First: [one, another], Second: [third]}}   # the rest stays under the old name",
        "# A piece can also be named by words that it holds: {holding: [one, another]}, with level: subdimension if so meant.",
        "#",
        "# The pieces as computed:",
    ]
    for dimension in taxonomy.get("computed") or taxonomy.get("dimensions") or []:
        lines.append(f"#   {_line(dimension['name'])}")
        for part in dimension.get("subdimensions") or []:
            lines.append(f"#     {_line(dimension['name'])}{SEPARATOR}{_line(part['name'])}: {_listed(part['words'])}")
        if not dimension.get("subdimensions"):
            lines.append(f"#     {_listed(dimension['words'])}")
    lines.append(f"#   without a dimension: {_listed(taxonomy.get('unassigned') or []) or 'none'}")
    return "\n".join(lines) + "\n"


def _listed(words: Sequence[Any]) -> str:
    return ", ".join(_line(w) for w in words)


def _line(text: Any) -> str:
    """A name or word that cannot leave its comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
