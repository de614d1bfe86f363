"""The section `taxonomy:` of the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=1)]


class TaxonomySettings(BaseModel):
    """How the structure of the words is found. Matrix, extraction, rotation and k of the paper are not public: all ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matrix: Literal["binary", "count"] = "binary"
    """Cells of the respondent x word matrix: named at all, or in how many answers."""
    n_factors: Count | Literal["auto"] = "auto"
    """"auto" keeps what parallel analysis against column-permuted data keeps."""
    clustering: Literal["agglomerative", "kmeans"] = "agglomerative"
    """Of the word embeddings; k-means is said to be the paper's."""
    n_clusters: Count | Literal["auto"] = "auto"
    """"auto" takes the largest mean silhouette."""
    bootstrap: int = Field(default=200, ge=0)
    """Resamples for the stability of factors and clusters; 0 leaves it out."""
    method: Literal["minres", "ml", "paf"] = "minres"
    """Extraction."""
    rotation: Literal["oblimin", "promax", "geomin", "varimax", "quartimax"] = "oblimin"
    """Oblique by default: values are correlated."""
    salient: float = Field(default=0.3, ge=0, le=1)
    """A loading at least this large (absolute) ties a word to a factor."""
    min_prevalence: float = Field(default=0.1, ge=0, lt=1)
    """Words that a smaller share of respondents named are left out of the factor analysis: their correlations are noise."""
    max_prevalence: float = Field(default=0.9, gt=0, le=1)
    """Words that a larger share named are left out too: they hardly vary."""
    embedding: str = "all-minilm-l6-v2"
    """A registered embedding model, or sentence-transformers:NAME."""

    @model_validator(mode="after")
    def _some_room(self) -> TaxonomySettings:
        if self.min_prevalence >= self.max_prevalence:
            raise ValueError("min_prevalence must be smaller than max_prevalence")
        return self
