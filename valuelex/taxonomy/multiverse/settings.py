"""The section `multiverse:` of the study file: the choices that others could have made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from valuelex.taxonomy.settings import Association, Cells, Count

Share = Annotated[float, Field(ge=0, lt=1)]
Number = Count | Literal["auto"]

STUDY = "study"
"""Stands for what the section `taxonomy` says."""

RESERVED = ("all", "halves", "leave-one-out", "half 1", "half 2")
WITHOUT = "without "
"""How the tables call subsets that are not listed prompt by prompt."""


class PromptSubset(BaseModel):
    """Some of the prompts, under a name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    """How the tables call it."""
    prompts: list[str] = Field(min_length=1)
    """Ids of prompts; the answers to all others are left out."""

    @field_validator("prompts")
    @classmethod
    def _once(cls, ids: list[str]) -> list[str]:
        return _unrepeated(ids)


Prompts = Literal["all", "halves", "leave-one-out"] | PromptSubset


class MultiverseSettings(BaseModel):
    """Which analyses are made beside the study's own: every combination of these lists is one (Steegen et al. 2016)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: list[Prompts] = Field(default=["all", "halves"], min_length=1)
    """Whose answers count. all; halves: every other prompt, and the rest; leave-one-out: each prompt left out in turn; or
    {name, prompts} with ids. Words that too few respondents named in these answers are left out."""
    normalisation: list[Literal["families", "lemma", "token"]] = Field(default=["families", "lemma"], min_length=1)
    """What a word is: families, as in the lexicon (honest, honestly and honesty are one); lemma, without inflection alone;
    token, as it was written."""
    filter: list[Literal["study", "lexicon", "unanimous"]] = Field(default=["study"], min_length=1)
    """Which words count as values: those that the study kept; of these the ones that the value lexicon holds; or those that
    every judge of the table `value_filter` calls a value."""
    matrix: list[Cells] = Field(default=["binary", "count"], min_length=1)
    """As in `taxonomy`; tetrachoric and log-odds look at named or not alone and go with binary."""
    association: list[Association] = Field(
        default=["residual", "log-ratio", "pearson", "tetrachoric", "log-odds"], min_length=1
    )
    """As in `taxonomy`."""
    min_prevalence: list[Share] = Field(default=[0.03, 0.05], min_length=1)
    """As in `taxonomy`."""
    n_factors: list[Number] = Field(default=["auto", 3, 5], min_length=1)
    """As in `taxonomy`."""
    method: list[Literal["minres", "ml", "paf"]] = Field(default=["minres", "paf"], min_length=1)
    """As in `taxonomy`. ml needs a matrix that is not singular, which those of compositions are."""
    rotation: list[Literal["oblimin", "promax", "geomin", "varimax", "quartimax"]] = Field(
        default=["oblimin", "varimax"], min_length=1
    )
    """As in `taxonomy`. Groups are told apart by direction in the space of the factors, which a rotation does not change: that
    it moves nothing is to be seen."""
    embedding: list[str] = Field(default=[STUDY], min_length=1)
    """As in `taxonomy`; study is the one that stands there."""
    clustering: list[Literal["agglomerative", "average", "kmeans", "hdbscan", "communities"]] = Field(
        default=["agglomerative", "kmeans"], min_length=1
    )
    """As in `taxonomy`; hdbscan goes with n_clusters auto alone."""
    n_clusters: list[Number] = Field(default=["auto", 6], min_length=1)
    """As in `taxonomy`."""
    outer: list[Literal["factors", "clusters"]] = Field(default=["factors", "clusters"], min_length=1)
    """As in `taxonomy`."""
    comes_back: float = Field(default=0.5, ge=0, lt=1)
    """A dimension comes back in an analysis if the dimension that matches it there has a larger Jaccard similarity with it than
    this, over the words that both place. Above .5 no second one could."""
    max_cells: Count | None = None
    """So many cells, drawn at random with the study's seed, in place of the whole grid."""

    @field_validator(
        "prompts", "normalisation", "filter", "matrix", "association", "min_prevalence", "n_factors", "method", "rotation",
        "embedding", "clustering", "n_clusters", "outer",
    )  # fmt: skip
    @classmethod
    def _once(cls, values: list[Any]) -> list[Any]:
        return _unrepeated(values)

    @field_validator("prompts")
    @classmethod
    def _names(cls, values: list[Prompts]) -> list[Prompts]:
        names = [v.name for v in values if isinstance(v, PromptSubset)]
        reserved = sorted({n for n in names if n in RESERVED or n.startswith(WITHOUT)})
        if reserved:
            raise ValueError(f"'{reserved[0]}' means something else here; give the subset another name")
        _unrepeated(names)
        return values


def _unrepeated(values: list[Any]) -> list[Any]:
    plain = [str(v) for v in values]
    repeated = sorted({v for v in plain if plain.count(v) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands more than once; every choice counts once")
    return values
