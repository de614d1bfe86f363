"""The thresholds and exclusion rules that are constants of the code: no setting moves them, so a frozen plan writes them down.

Each stands in its own module with the reason for its value; here is where they are, so that they can be listed and compared.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Threshold:
    """One constant.

    Attributes
    ----------
    name : str
        What it is called in a frozen plan; stays, wherever the constant moves.
    module, constant : str
        Where it stands.
    about : str
        What it decides.
    """

    name: str
    module: str
    constant: str
    about: str

    @property
    def value(self) -> Any:
        """Its value now: a number, a text, or a list of these."""
        value = getattr(importlib.import_module(self.module), self.constant)
        return (
            sorted(value) if isinstance(value, (set, frozenset)) else list(value) if isinstance(value, tuple) else value
        )


_PREPARATION, _DOCUMENT, _GROUPS = (
    "valuelex.taxonomy.preparation",
    "valuelex.taxonomy.document",
    "valuelex.taxonomy.groups",
)
_FILTERS = "valuelex.projective.instrument.filters"
_SCORING = "valuelex.projective.scoring"
_COMPARISON = "valuelex.comparison"
_ANSWERS, _JUDGING = "valuelex.models.answers", "valuelex.projective.judging"

THRESHOLDS: tuple[Threshold, ...] = (
    # Which answers count.
    Threshold(
        "repetition.share", f"{_ANSWERS}.classify", "REPETITION_SHARE", "one token is so much of an answer: invalid"
    ),
    Threshold("echo.run", f"{_ANSWERS}.copying", "RUN", "words in a row that count as copied from the prompt"),
    Threshold("echo.share", f"{_ANSWERS}.copying", "ECHO_SHARE", "so much of an answer copied: invalid"),
    Threshold(
        "language.sure", f"{_ANSWERS}.language", "SURE", "probability from which an answer is in another language"
    ),
    Threshold(
        "language.shortest", f"{_ANSWERS}.language", "SHORTEST", "shorter answers are not tested for their language"
    ),
    Threshold("refusal.beginning", f"{_ANSWERS}.refusals", "BEGINNING", "characters in which a refusal is looked for"),
    # Which words count.
    Threshold("items.words", "valuelex.lexicon.parse", "ITEM_WORDS", "a longer segment is running text"),
    Threshold("family.stem", "valuelex.lexicon.families", "LEAST_STEM", "letters that a word and its noun must share"),
    Threshold(
        "crosswalk.least", "valuelex.lexicon.crosswalk", "LEAST", "share of votes from which a category is written"
    ),
    # Whether there is a structure.
    Threshold("words.least", _PREPARATION, "LEAST_WORDS", "fewer words have no structure worth drawing"),
    Threshold("respondents.least", _PREPARATION, "LEAST_RESPONDENTS", "fewer respondents: not factorable"),
    Threshold("words.named", _PREPARATION, "LEAST_NAMED", "respondents that must have named a word that is factored"),
    Threshold("kmo.least", _PREPARATION, "LEAST_KMO", "a smaller KMO: not factorable"),
    Threshold(
        "eigenvalue.p", _PREPARATION, "ANY_STRUCTURE", "level at which the first eigenvalue must exceed permuted data"
    ),
    Threshold("permutations", _PREPARATION, "PERMUTATIONS", "permuted data sets behind the reference eigenvalues"),
    Threshold("closed.share", _PREPARATION, "CLOSED", "variance of totals below which KMO has no vote"),
    Threshold(
        "intrinsic.comparable",
        "valuelex.taxonomy.intrinsic.number",
        "COMPARABLE",
        "least cosine of the factors' spaces in halves of what could follow",
    ),
    Threshold(
        "intrinsic.agreement",
        "valuelex.taxonomy.intrinsic.structure",
        "LEAST_AGREEMENT",
        "a smaller mean correlation between frames: no structure inside models",
    ),
    Threshold(
        "background.cosine", _GROUPS, "BACKGROUND_COSINE", "largest cosine as seen from a group of the background"
    ),
    Threshold("background.lead", _GROUPS, "BACKGROUND_LEAD", "by so much it must lie below that of every other group"),
    # Whether it may be interpreted.
    Threshold(
        "congruence.fair",
        _DOCUMENT,
        "FAIR_CONGRUENCE",
        "a dimension with a smaller Tucker congruence does not come back",
    ),
    Threshold(
        "cluster.dissolved", _DOCUMENT, "DISSOLVED", "a cluster with a smaller Jaccard similarity does not come back"
    ),
    Threshold("silhouette.weak", _DOCUMENT, "WEAK_SILHOUETTE", "a smaller mean silhouette: words cluster weakly"),
    Threshold(
        "between.mostly", _DOCUMENT, "MOSTLY_BETWEEN", "share of a factor's variance between models that counts as most"
    ),
    Threshold("models.few", _DOCUMENT, "FEW_MODELS", "with fewer models such a factor is their difference"),
    Threshold(
        "units.least", "valuelex.taxonomy.stability", "LEAST_UNITS", "fewer models or families are not resampled"
    ),
    Threshold("control.own", "valuelex.taxonomy.controls", "LEAST_OWN", "configurations of a model that stands alone"),
    Threshold(
        "structures.alike", "valuelex.taxonomy.correspondence", "ALIKE", "level at which meaning and answers are alike"
    ),
    # Which stems make the test.
    Threshold("stems.words.fewest", _FILTERS, "FEWEST_WORDS", "a shorter stem is dropped"),
    Threshold("stems.words.most", _FILTERS, "MOST_WORDS", "a longer stem is dropped"),
    Threshold("stems.readability", _FILTERS, "HARDEST", "LIX above which a stem is dropped"),
    Threshold("stems.fit", _FILTERS, "LEAST_FIT", "a stem that fits its scale less is dropped"),
    Threshold("stems.text_fit", _FILTERS, "LEAST_TEXT_FIT", "the same for a stem without themes"),
    Threshold("stems.margin", _FILTERS, "LEAST_MARGIN", "a stem that fits another scale nearly as well is dropped"),
    Threshold(
        "stems.text_margin", _FILTERS, "LEAST_TEXT_MARGIN", "the same without themes, its author naming the scale"
    ),
    Threshold("stems.cosine", _FILTERS, "MOST_COSINE", "a stem as near in meaning to an earlier one is dropped"),
    Threshold("stems.overlap", _FILTERS, "MOST_OVERLAP", "a stem as like an earlier one in wording is dropped"),
    # How completions are scored and compared.
    Threshold(
        "base.sentences",
        "valuelex.projective.administration.administer",
        "BASE_SENTENCES",
        "sentences of a pretrained model that count",
    ),
    Threshold("judge.width", f"{_JUDGING}.ridge", "WIDTH", "kernel width of the embedded judge"),
    Threshold("judge.layer", f"{_JUDGING}.reader", "LAYERS", "layer of the language model that it reads stance off"),
    Threshold(
        "judge.last_state", f"{_JUDGING}.reader", "LAST_WEIGHT", "weight of a text's last state beside the mean of all"
    ),
    Threshold(
        "judge.sentences",
        f"{_JUDGING}.embedded",
        "SENTENCE_TEMPERATURE",
        "how little relevance weighs between a completion's sentences",
    ),
    Threshold(
        "judge.shouting",
        "valuelex.projective.text",
        "SHOUTING",
        "share of capitals from which a sentence is read in small ones",
    ),
    Threshold("judge.contrast_ridge", f"{_JUDGING}.reader", "CONTRAST_RIDGE", "its ridge for contrasts"),
    Threshold("judge.level_ridge", f"{_JUDGING}.stance", "LEVEL_RIDGE", "its ridge for the manual's own examples"),
    Threshold("judge.relevance_ridge", f"{_JUDGING}.relevance", "RELEVANCE_RIDGE", "its ridge for relevance"),
    Threshold(
        "alpha.share", f"{_SCORING}.reliability", "LEAST_SHARE", "alpha of a smaller share of the stems is not printed"
    ),
    Threshold("alpha.records", f"{_SCORING}.reliability", "LEAST_RESPONDENTS", "fewer records give no alpha"),
    Threshold(
        "alpha.models", f"{_SCORING}.items", "LEAST_MODELS", "fewer models give neither alpha nor item statistics"
    ),
    Threshold(
        "over_models.least",
        f"{_SCORING}.reliability",
        "LEAST_OF_MODELS",
        "fewer models: no forms, retest, G study, matrix",
    ),
    Threshold("short_form.models", f"{_SCORING}.short_form", "LEAST_FOR_CHOICE", "fewer models choose no short form"),
    Threshold(
        "short_form.often",
        f"{_SCORING}.short_form",
        "OFTEN",
        "share of the models that must have an item of the short form",
    ),
    Threshold(
        "structure.cases", f"{_SCORING}.structure", "CASES_PER_SCALE", "cases per scale that a factor model needs"
    ),
    # What is said of models.
    Threshold("halo.models", f"{_COMPARISON}.composition", "FOR_HALO", "fewer models: no loadings of a halo"),
    Threshold("groups.most", f"{_COMPARISON}.composition", "MOST_CLUSTERS", "most groups of models that are tried"),
    Threshold("groups.nulls", f"{_COMPARISON}.composition", "NULLS", "samples without groups behind their p"),
    Threshold(
        "answers.fewest", f"{_COMPARISON}.naming", "FEWEST_ANSWERS", "fewer answers: no diversity of a model's words"
    ),
    Threshold(
        "people.dimensions", f"{_COMPARISON}.reference", "FEWEST", "fewer shared dimensions: no likeness to people"
    ),
    Threshold(
        "power.families", f"{_COMPARISON}.power", "FEWEST", "fewer families: components are assumed, not estimated"
    ),
)
"""In the order of the chain."""
