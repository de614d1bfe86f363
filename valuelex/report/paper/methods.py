"""The methods section of a paper, as text: every choice and number that the study was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from valuelex._version import __version__
from valuelex.psychometrics.handover.apa import bounded, plain
from valuelex.report.evidence import Evidence
from valuelex.report.paper.references import WORKS, cite
from valuelex.report.wording import count, is_missing, listed, number, size, spelled, whole

EXTRACTION = {
    "minres": ("minimum residuals", "harman"),
    "ml": ("maximum likelihood", ""),
    "paf": ("principal axes", ""),
}
ASSOCIATION = {
    "residual": "correlations of the residuals from independence, since answers are compositional",
    "log-ratio": "correlations of centred log-ratios",
    "pearson": "Pearson correlations of the cells (phi coefficients where they are binary)",
    "tetrachoric": "tetrachoric correlations",
    "log-odds": "standardised log odds ratios",
}
CLUSTERING = {
    "agglomerative": "Ward’s hierarchical clustering",
    "average": "average-linkage hierarchical clustering",
    "kmeans": "k-means clustering",
    "hdbscan": "HDBSCAN",
    "communities": "communities of the graph of nearest neighbours",
}
NOT_APPLICABLE = {
    "leave_out": "were left out of means",
    "zero": "counted as 0",
    "indifferent": "counted as 3",
}


@dataclass(frozen=True)
class Paragraph:
    """One part of the methods section.

    Attributes
    ----------
    title : str
    text : str
        Plain text with citations in APA style.
    """

    title: str
    text: str

    @property
    def works(self) -> list[str]:
        """Keys of `references.WORKS` that the text cites."""
        return [key for key, work in WORKS.items() if work.cited in self.text or work.narrative in self.text]


def paragraphs(evidence: Evidence) -> list[Paragraph]:
    """Return the parts of the methods section, in the order of the chain; a step without tables has none.

    Parameters
    ----------
    evidence : Evidence
        Settings come from the study file, numbers from the tables: a number that no table holds is not said.
    """
    return [made for part in _PARTS if (made := part(evidence)) is not None]


def _percent(share: float, digits: int = 1) -> str:
    """As APA writes it: no space before the sign."""
    return f"{plain(100 * share, digits)}%"


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _given(evidence: Evidence, stage: str, what: str) -> str:
    return f"{what} were not collected or computed here but given ({evidence.given(stage)})."


def respondents(evidence: Evidence) -> Paragraph | None:
    """Who was asked."""
    ids = evidence.model_ids
    if not ids:
        return None
    facts = evidence.facts
    families = facts["family"].dropna().nunique()
    training = facts["training"].dropna().value_counts()
    known = facts["parameters"].dropna().astype(float)
    span = ""
    if len(known):
        low, high = known.min(), known.max()
        span = f"of {size(low)} parameters" if low == high else f"of {size(low)} to {size(high)} parameters"
        span += f" (unknown for {whole(len(ids) - len(known))})" if len(known) < len(ids) else ""
    kinds = listed(f"{whole(n)} {kind}" for kind, n in training.items())
    who = f"{spelled(len(ids)).capitalize()} language model{'s' if len(ids) != 1 else ''}"
    about = [f"from {count(families, 'family', 'families')}" if families else "", span, f"({kinds})" if kinds else ""]
    names = f"They were {listed(ids)}." if len(ids) <= 12 else "They are listed in the table of models."
    configured = ""
    people = evidence.table("responses")
    if people is not None and len(people) and not evidence.given("elicit"):
        asked = evidence.file.respondents
        settings = [
            f"temperature ({_levels(asked.temperature)})",
            f"nucleus sampling mass ({_levels(asked.top_p)})",
        ]
        if len(asked.personas) > 1:
            settings.append(f"{whole(len(asked.personas))} contexts (persona statements, or none)")
        configured = (
            f"Each model was crossed with {listed(settings)}, which gave "
            f"{count(people['respondent_id'].nunique(), 'respondent')}; respondents are nested in models and were not "
            "treated as independent."
        )
    text = _sentences(f"{who} {' '.join(filter(None, about))} took part.".replace("  ", " "), names, configured)
    return Paragraph("Models and respondents", text)


def _levels(values: list[float | None]) -> str:
    return ", ".join("default" if v is None else f"{v:g}" for v in values)


def elicitation(evidence: Evidence) -> Paragraph | None:
    """How values were asked for, and what came back."""
    table = evidence.table("responses")
    if table is None or table.empty:
        return None
    if evidence.given("elicit"):
        return Paragraph("Elicitation of values", _given(evidence, "elicit", "Answers"))
    asked = evidence.file.elicitation
    usable = (table["status"] == "ok").mean()
    prompts = table["prompt_id"].nunique()
    modes = {"open": "freely", "closed": "by choosing from a declared vocabulary", "logprob": "by log-probabilities"}
    how = listed(modes[m] for m in asked.modes)
    return Paragraph(
        "Elicitation of values",
        _sentences(
            f"Following the lexical approach of {WORKS['valuelex'].narrative}, every respondent was asked for the "
            f"words that describe "
            f"its values by {count(prompts, 'prompt')}, answered {how}, with {count(asked.samples, 'answer')} per "
            f"respondent and "
            f"prompt at most and {asked.max_tokens:,} tokens per answer at most.",
            "Pretrained models continued a text; others answered a message." if _both_frames(table) else "",
            f"This gave {count(len(table), 'answer')}, of which {_percent(usable)} were usable (neither refused, empty, "
            f"nor "
            "failed).",
        ),
    )


def _both_frames(table: pd.DataFrame) -> bool:
    return table["mode"].nunique() > 1


def lexicon(evidence: Evidence) -> Paragraph | None:
    """How answers became words."""
    table, words = evidence.table("lexicon"), evidence.table("words")
    if table is None:
        return None
    if evidence.given("lexicon"):
        return Paragraph("Lexicon", _given(evidence, "lexicon", "Words"))
    settings = evidence.file.lexicon
    found = ""
    if words is not None and len(words):
        kept = words["kept"].fillna(False).astype(bool)
        found = f"Of {count(len(words), 'candidate')}, {_percent(kept.mean())} were kept."
    judge = "" if settings.judge is None else " and a language model as a further judge"
    return Paragraph(
        "Lexicon",
        _sentences(
            "Answers were divided into candidate words and brought to one noun form. A candidate counted as a value "
            "if it stood in a "
            f"lexicon of values ({settings.values}) or, for other words, if its embedding was nearer to known values "
            f"than a "
            f"threshold set to {_percent(settings.false_positives, 0)} false positives{judge}.",
            found,
            f"Words that fewer than {count(settings.min_respondents, 'respondent')} named were set aside, which left "
            f"{count(len(table), 'word')}.",
        ),
    )


def taxonomy(evidence: Evidence) -> Paragraph | None:
    """How the structure was found."""
    document, adequacy = evidence.document("taxonomy"), evidence.document("adequacy")
    if document is None or adequacy is None:
        return None
    if evidence.given("taxonomy"):
        return Paragraph("Taxonomy", _given(evidence, "taxonomy", "Dimensions and subdimensions"))
    settings = evidence.file.taxonomy
    text = [_factored(adequacy, settings)]
    clusters = document.get("method", {}).get("n_clusters")
    number_ = f"Their number ({clusters}) " if clusters else "Their number "
    number_ += (
        "was set in advance."
        if settings.n_clusters != "auto"
        else f"is that of the largest mean silhouette {cite('rousseeuw')}."
    )
    if clusters:
        known = "; " + cite("minilm")[1:-1] if settings.embedding == "all-minilm-l6-v2" else ""
        embedded = f"{settings.embedding}{known}"
        text.append(
            f"Words were grouped by meaning, by {CLUSTERING[settings.clustering]} of their embeddings ({embedded}). "
            f"{number_}"
        )
    dimensions = document["dimensions"]
    subs = sum(len(d["subdimensions"]) for d in dimensions)
    text.append(
        f"The taxonomy has {count(len(dimensions), 'dimension')}"
        + (f" and {count(subs, 'subdimension')}" if subs else "")
        + f"; its dimensions rest on {document.get('basis', 'unknown grounds')}."
    )
    if document.get("edited"):
        text.append("It was edited by hand afterwards; the edits are kept in a file.")
    if settings.bootstrap:
        text.append(
            f"Stability was examined in {count(settings.bootstrap, 'resample')} by the Jaccard similarity of clusters "
            f"and "
            f"Tucker’s congruence of factors {cite('hennig', 'tucker')}."
        )
    if not document["interpretable"]:
        text.append(f"By criteria set in advance it should not be interpreted: {' '.join(document['reasons'][:1])}")
    return Paragraph("Taxonomy", " ".join(text))


def _factored(adequacy: dict[str, Any], settings: Any) -> str:
    used, people = adequacy.get("n_words_used"), adequacy.get("n_respondents")
    if not used or not people:
        return "The words were not factored."
    what = (
        f"The {settings.matrix} matrix of {count(people, 'respondent')} by {count(used, 'word')} "
        f"({adequacy.get('prevalence_rule') or 'all words'}) was analysed by {ASSOCIATION[settings.association]}"
    )
    figures, works = [], []
    if adequacy.get("kmo") is not None:
        figures.append(f"KMO = {bounded(adequacy['kmo'], 2)}")
        works.append("kaiser")
    test = adequacy.get("bartlett")
    if test:
        works.append("bartlett")
        figures.append(f"Bartlett’s χ²({whole(test['df'])}) = {number(test['chi2'], 1)}")
    shown = f" ({', '.join(figures)}; {cite(*works)[1:-1]})" if figures else ""
    name, source = EXTRACTION[settings.method]
    kept = adequacy.get("n_factors")
    if not adequacy["factorable"] or not kept:
        return f"{what}{shown}. The words could not be factored. {' '.join(str(r) for r in adequacy['reasons'])}"
    extension = adequacy.get("n_words_extended")
    rule = (
        f"the number kept by parallel analysis against data permuted within and between models {cite('horn')}"
        if settings.n_factors == "auto"
        else "a number set in advance"
    )
    fit = adequacy.get("fit") or {}
    told = [
        f"{title} = {bounded(fit[key], 3)}"
        for key, title in (("rmsea", "RMSEA"), ("cfi", "CFI"), ("tli", "TLI"), ("srmr", "SRMR"))
        if not is_missing(fit.get(key))
    ]
    return _sentences(
        f"{what}{shown}.",
        f"{count(kept, 'factor').capitalize()}, {rule}, {'were' if kept > 1 else 'was'} extracted by {name}"
        f"{' ' + cite(source) if source else ''} and rotated by {settings.rotation} {cite('jennrich')}.",
        f"Fit: {', '.join(told)}." if told else "",
        f"{count(extension, 'further word').capitalize()} got loadings by extension {cite('dwyer')}."
        if extension
        else "",
    )


def projective(evidence: Evidence) -> Paragraph | None:
    """The test, the completions and the judges."""
    instrument, completions = evidence.table("instrument"), evidence.table("completions")
    if instrument is None:
        return None
    settings, judging = evidence.file.administration, evidence.document("judging") or {}
    forms = instrument["form"].dropna().nunique()
    valences = listed(sorted(instrument["valence"].dropna().astype(str).unique()))
    text = [
        f"The sentence-completion test has {count(len(instrument), 'stem')}"
        + (f" in {count(forms, 'parallel form')}" if forms > 1 else "")
        + (f" ({valences})" if valences else "")
        + "."
    ]
    if completions is not None and len(completions):
        usable = (completions["status"] == "ok").mean()
        sampling = "given" if evidence.given("administer") else (
            f"{count(settings.samples, 'completion')} per model and stem, temperature "
            f"{'default' if settings.temperature is None else format(settings.temperature, 'g')}, "
            f"{settings.max_tokens:,} tokens at most"
        )  # fmt: skip
        text.append(
            f"Models gave {count(len(completions), 'completion')} ({sampling}), {_percent(usable)} of them usable."
        )
    judges = [str(j) for j in judging.get("judges") or []]
    if judges:
        inside = (judging.get("embedded_validity") or {}).get("embedding")
        if inside and inside != "none":
            judges = [f"{j} ({inside})" if j == "embedded" else j for j in judges]
        text.append(
            f"{'The judge' if len(judges) == 1 else 'The judges'} {listed(judges)} scored every completion on every "
            f"scale from 0 "
            "(rejects the value) over 3 (indifferent) to 6 (expresses it most strongly), by a manual with anchored "
            "examples, or found "
            "the scale not applicable."
        )
    overall = (judging.get("embedded_validity") or {}).get("overall") or {}
    if overall.get("r") is not None:
        text.append(
            f"The embedded judge’s scores of the manual’s own anchors, each left out in turn, correlate "
            f"{bounded(overall['r'], 2)} with "
            f"their levels (n = {whole(overall['n'])})."
        )
    return Paragraph("Projective test and judging", " ".join(text))


def scoring(evidence: Evidence) -> Paragraph | None:
    """How judgements became scores."""
    scores, reliability = evidence.table("scores"), evidence.document("reliability")
    if scores is None or scores["mean"].notna().sum() == 0:
        return None
    if evidence.given("score"):
        return Paragraph("Scores", _given(evidence, "score", "Scores"))
    settings = evidence.file.scoring
    alphas = [
        f"{name} {bounded(one['alpha'], 2)}"
        for name, one in ((reliability or {}).get("scales") or {}).items()
        if one.get("level") == "dimension" and one.get("alpha") is not None
    ]
    text = _sentences(
        "Judges were averaged within a completion, completions within a stem, and stems within a scale; stems are the "
        "sampled units "
        f"of the {_percent(evidence.file.comparison.confidence, 0)} intervals.",
        f"Judgements of “not applicable” {NOT_APPLICABLE[settings.not_applicable]}.",
        "Adjusted scores come from a linear mixed model with crossed effects of stems and judges "
        f"({'these judges' if settings.judges == 'fixed' else 'judges as a sample'}), whose variance components are "
        f"those of a "
        f"generalizability study {cite('brennan')}.",
        f"Cronbach’s α: {listed(alphas)}." if alphas else "",
    )
    return Paragraph("Scores", text)


def comparison(evidence: Evidence) -> Paragraph | None:
    """How models were compared."""
    table = evidence.table("comparisons")
    if table is None or table.empty:
        return None
    settings = evidence.file.comparison
    names = {"parameters": "size (log10 of the number of parameters)", "release_date": "release date"}
    about = listed(names.get(c, c.replace("_", " ")) for c in settings.contrasts)
    taken = "ordered categories (cumulative link mixed models)" if settings.scores == "ordinal" else "points on a scale"
    measures = {"level": "as they are (level)", "profile": "less each model’s mean over dimensions (profile)"}
    text = _sentences(
        f"Models were compared by {about}; ratings were taken as {taken}, scores "
        f"{listed(measures[m] for m in settings.measures)}. Scores were regressed on the covariate with their known "
        f"sampling error and random effects of model and {settings.cluster} by restricted maximum likelihood, with "
        f"small-sample errors "
        f"and degrees of freedom {cite('kenward')}; effects of categories could differ between families.",
        f"Holm’s procedure adjusted p values over all contrasts {cite('holm')}. Differences were held against a "
        f"smallest effect of "
        f"{settings.smallest_effect:g} score points by equivalence tests {cite('lakens')}.",
        f"A wild cluster bootstrap over families ({settings.bootstrap:,} draws; {cite('cameron')[1:-1]}) and "
        f"permutation within "
        "families stand beside.",
        f"Held equal: {listed(settings.adjust_for)}." if settings.adjust_for else "",
    )
    return Paragraph("Comparison of models", text)


def software(evidence: Evidence) -> Paragraph | None:
    """With what, from which seed, and whether it was planned."""
    manifest, plan = evidence.manifest, evidence.standing
    version = manifest.valuelex if manifest is not None else __version__
    packages = {} if manifest is None else {k: v for k, v in manifest.packages.items() if v}
    used = listed(
        f"{name} {packages[name]}"
        for name in ("numpy", "scipy", "pandas", "scikit-learn", "statsmodels")
        if name in packages
    )
    planned = "Settings were not frozen before the data were seen."
    if plan is not None:
        when = "after the first answer" if plan.frozen.answers else "before the first answer"
        planned = (
            f"Settings, thresholds and files were frozen on {plan.frozen.when[:10]}, {when}, with "
            f"{count(len(plan.deviations), 'deviation') if plan.deviations else 'no deviation'} since."
        )
    python = "" if manifest is None else f" under Python {manifest.python}"
    return Paragraph(
        "Software and reproducibility",
        _sentences(
            f"All analyses were made with valuelex {version}{python}{f' ({used})' if used else ''}, seed "
            f"{evidence.file.seed}. The same "
            "study file and ledger of answers give the same tables.",
            planned,
        ),
    )


_PARTS: tuple[Callable[[Evidence], Paragraph | None], ...] = (
    respondents,
    elicitation,
    lexicon,
    taxonomy,
    projective,
    scoring,
    comparison,
    software,
)
