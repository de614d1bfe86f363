"""The section `taxonomy:` of the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from valuelex.taxonomy.naming_settings import NamingSettings

Cells = Literal["binary", "count", "tfidf", "rank"]
Association = Literal["residual", "log-ratio", "pearson", "tetrachoric", "log-odds"]

Count = Annotated[int, Field(ge=1)]


Text = Annotated[str, Field(pattern=r"\{word\}", max_length=500)]


class IntrinsicSettings(BaseModel):
    """With `structure: intrinsic`: whose log-probabilities are read, of which words, after which texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = ()
    """Ids of models of the study; empty takes all that give log-probabilities (models that run here, and completion
    endpoints with `echo: true`)."""
    words: str = "lexicon"
    """"lexicon": the words that the models named, most named first; "values": those of the packaged value lexicon, no
    model being asked anything; or a file like it (word, gloss, variants)."""
    max_words: int = Field(default=150, ge=6)
    """So many words at most; each takes a pass through the model for every text of the frames."""
    frames: Literal["values", "adjectives"] | Annotated[tuple[Text | tuple[Text, Text], ...], Field(min_length=1)] = (
        "values"
    )
    """Texts that hold {word} and break off where another word could follow; of a pair, the second one's scores are
    subtracted ("... {word} and" less "... {word} but not"). The packaged ones are English."""


class TaxonomySettings(BaseModel):
    """How the structure of the words is found. Matrix, extraction, rotation and k of the paper are not public: all ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    structure: Literal["joint", "empirical", "semantic", "intrinsic"] = "joint"
    """What gives the dimensions. joint: the answers, divided by meaning (meaning alone where the answers cannot be
    factored); empirical: the answers alone; semantic: meaning alone; intrinsic: the models' own log-probabilities of one
    word after another, divided by meaning."""
    intrinsic: IntrinsicSettings = IntrinsicSettings()
    elicitation: Literal["open", "closed", "logprob"] = "open"
    """Where answers of several modes are there: whose words have a structure. They are not pooled, since a closed
    list and scores of every word make co-occurrences of their own."""
    matrix: Cells = "binary"
    """Cells of the respondent x word matrix: named at all; in how many answers; these weighted by how few name the
    word (tfidf); or by the word's place in the answer (rank)."""
    association: Association = "residual"
    """What is factored. residual: correlations of the residuals from independence, because answers are compositional
    (to name one word is to leave out another); log-ratio: of centred log-ratios; pearson: of the cells (phi, for
    binary); tetrachoric; log-odds: odds ratios on the scale of a correlation (Digby). The last three leave the
    composition in, and take words named or not."""
    n_factors: Count | Literal["auto"] = "auto"
    """"auto" keeps what parallel analysis keeps against data permuted within models and between models."""
    n_dimensions: Count | Literal["auto"] = "auto"
    """Groups of words in the space of the factors; "auto" takes the largest mean silhouette among as many as there are factors
    and one more than twice as many: opposite ends of a factor are dimensions of their own."""
    outer: Literal["factors", "clusters"] = "factors"
    """Which structure gives the dimensions; the other one gives the subdimensions."""
    clustering: Literal["agglomerative", "average", "kmeans", "hdbscan", "communities"] = "agglomerative"
    """Of the word embeddings: Ward's linkage; average linkage; k-means (said to be the paper's); HDBSCAN, which finds its own
    number and leaves words outside; communities of the graph of nearest neighbours."""
    n_clusters: Count | Literal["auto"] = "auto"
    """"auto" takes the largest mean silhouette."""
    bootstrap: int = Field(default=200, ge=0)
    """Resamples for the stability of factors and clusters; 0 leaves it out."""
    method: Literal["minres", "ml", "paf"] = "minres"
    """Extraction."""
    rotation: Literal["oblimin", "promax", "geomin", "varimax", "quartimax"] = "oblimin"
    """Oblique by default: values are correlated."""
    salient: float = Field(default=0.3, ge=0, le=1)
    """A loading at least this large (absolute) is marked in the tables; it moves no word."""
    placement_level: float = Field(default=0.5, gt=0, lt=1)
    """A word is placed by its answers if loadings as large as its own come from a word without any with at most this
    probability."""
    min_prevalence: float = Field(default=0.03, ge=0, lt=1)
    """Words that a smaller share of respondents named, or fewer than five of them, are not placed by their answers."""
    max_prevalence: float = Field(default=0.97, gt=0, le=1)
    """Neither are words that a larger share named: they hardly vary."""
    max_words: int = Field(default=300, ge=3)
    """The factors are extracted from this many words, the most named ones, and always from fewer words than
    respondents; the others get their loadings by extension (Dwyer, 1937)."""
    least_words: int = Field(default=3, ge=1)
    """A piece of a subdimension with fewer words joins the piece of its dimension that is nearest in meaning."""
    embedding: str = "all-minilm-l6-v2"
    """A registered embedding model, sentence-transformers:NAME, precomputed:FILE (a table with a column `word` and
    numbers), or endpoint:URL?model=NAME&api_key_env=VARIABLE."""
    naming: Literal["central"] | NamingSettings = "central"
    """Who names dimensions and subdimensions. central: their most central words, for dimensions weighted by loading; or a
    language model, whose prompts and answers are kept in the table `naming`. Names never change membership."""
    edits: str | None = None
    """A YAML file of edits by hand (rename, move, merge, split) that are replayed on top of the computed taxonomy; default:
    edits.yaml beside the study file, if it is there."""

    @property
    def namer(self) -> NamingSettings | None:
        """The language model that names the pieces, if one does."""
        return self.naming if isinstance(self.naming, NamingSettings) else None

    @model_validator(mode="after")
    def _some_room(self) -> TaxonomySettings:
        if self.min_prevalence >= self.max_prevalence:
            raise ValueError("min_prevalence must be smaller than max_prevalence")
        return self
