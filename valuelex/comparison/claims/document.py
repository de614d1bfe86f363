"""The file of claims (instruments/claims/): reading and checking it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from valuelex.comparison.settings import Covariate, Measure
from valuelex.errors import BadInput
from valuelex.tables import own_or_packaged
from valuelex.tables.yaml_lines import line_of, read_with_lines

Trait = Literal[
    "profile_variance", "distinctness", "sample_variance", "form_variance",
    "diversity", "diversity_0", "diversity_2", "prompt_overlap",
]  # fmt: skip
Direction = Literal["positive", "negative"]


class _Claim(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    source: str = ""
    """Whose words it is in: paper, second-hand, or an address."""


class Structure(_Claim):
    """The study's own taxonomy has so many dimensions and subdimensions."""

    estimand: Literal["structure"]
    dimensions: int = Field(ge=1)
    subdimensions: int | None = Field(default=None, ge=1)


class First(_Claim):
    """A dimension is scored higher (lower) than every other."""

    estimand: Literal["first"]
    dimension: str
    direction: Direction = "positive"
    smallest_effect: float = Field(gt=0)


class ContrastClaim(_Claim):
    """A covariate goes with a dimension's score, or with a trait."""

    estimand: Literal["contrast"]
    covariate: Covariate
    direction: Direction
    smallest_effect: float = Field(gt=0)
    dimension: str | None = None
    measure: Measure = "level"
    trait: Trait | None = None
    low: tuple[str, ...] = ()
    high: tuple[str, ...] = ()
    """Levels set against each other; empty for a slope."""


class Mean(_Claim):
    """The average of a trait at some levels of a covariate is small (or large)."""

    estimand: Literal["mean"]
    trait: Trait
    covariate: Covariate
    at: tuple[str, ...] = Field(min_length=1)
    direction: Direction
    smallest_effect: float = Field(gt=0)


class Share(_Claim):
    """So much of the differences between models lies between groups of them."""

    estimand: Literal["share"]
    covariate: Literal["family", "developer", "region", "training"]
    direction: Direction = "positive"
    smallest_effect: float = Field(gt=0, lt=1)


class Applicable(_Claim):
    """A dimension is found applicable less often (more often) than the others of its taxonomy."""

    estimand: Literal["applicable"]
    taxonomy: str
    dimension: str
    direction: Direction
    smallest_effect: float = Field(gt=0, lt=1)


Claim = Annotated[Structure | First | ContrastClaim | Mean | Share | Applicable, Field(discriminator="estimand")]


class Claims(BaseModel):
    """All of a file of claims."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str = ""
    claims: tuple[Claim, ...] = Field(min_length=1)


def load_claims(source: str, folder: Path) -> Claims:
    """Read a set of instruments/claims/ by name, or a file.

    Raises
    ------
    BadInput
        With file, line and key for anything that is wrong in it; for an id that stands twice.
    """
    path = own_or_packaged(source, "claims", ".yaml", folder)
    tree, content = read_with_lines(path)
    try:
        found = TypeAdapter(Claims).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        loc = _places(first["loc"])
        line = line_of(tree, loc)
        where = f"{path}, line {line}" if line else str(path)
        message = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{where}: {'.'.join(map(str, loc))}: {message}.", "Mend this key.") from error
    ids = [claim.id for claim in found.claims]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise BadInput(f"{path}: the claim {', '.join(repeated)} stands more than once.", "Give each its own id.")
    return found


def _places(loc: Sequence[Any]) -> list[Any]:
    """Without the names of the union's branches, which are no keys of the file."""
    kinds = {"structure", "first", "contrast", "mean", "share", "applicable"}
    return [part for part in loc if not (isinstance(part, str) and part in kinds)]
