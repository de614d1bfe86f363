"""The methods section on words: how they were asked for, kept, factored and grouped."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.psychometrics.handover.apa import bounded, plain
from valuelex.report.evidence import Evidence
from valuelex.report.paper.paragraph import Paragraph, given, percent, sentences
from valuelex.report.paper.references import WORKS, cite
from valuelex.report.wording import count, is_missing, listed, number, whole

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


def elicitation(evidence: Evidence) -> Paragraph | None:
    """How values were asked for, and what came back."""
    table = evidence.table("responses")
    if table is None or table.empty:
        return None
    if evidence.given("elicit"):
        return Paragraph("Elicitation of values", given(evidence, "elicit", "Answers"))
    asked = evidence.file.elicitation
    usable = (table["status"] == "ok").mean()
    prompts = table["prompt_id"].nunique()
    modes = {"open": "freely", "closed": "by choosing from a declared vocabulary", "logprob": "by log-probabilities"}
    how = listed(modes[m] for m in asked.modes)
    return Paragraph(
        "Elicitation of values",
        sentences(
            f"Following the lexical approach of {WORKS['valuelex'].narrative}, every respondent was asked for the "
            f"words that describe its values by {count(prompts, 'prompt')}, answered {how}, with "
            f"{count(asked.samples, 'answer')} per respondent and prompt at most and {asked.max_tokens:,} tokens per "
            "answer at most.",
            "Pretrained models continued a text; others answered a message." if _both_frames(table) else "",
            f"Sampling ended where Good–Turing coverage reached {plain(asked.stop_when.coverage, 2)}."
            if asked.stop_when.coverage is not None
            else "",
            f"This gave {count(len(table), 'answer')}, of which {percent(usable)} were usable (neither refused, "
            "empty, nor failed).",
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
        return Paragraph("Lexicon", given(evidence, "lexicon", "Words"))
    settings = evidence.file.lexicon
    found = ""
    if words is not None and len(words):
        kept = words["kept"].fillna(False).astype(bool)
        found = f"Of {count(len(words), 'candidate')}, {percent(kept.mean())} were kept."
    known = (
        "the packaged lexicon of values" if settings.values == "values" else f"a lexicon of values ({settings.values})"
    )
    judge = "" if settings.judge is None else " and a language model as a further judge"
    return Paragraph(
        "Lexicon",
        sentences(
            "Answers were divided into candidate words and brought to one noun form. A candidate counted as a value if it "
            f"stood in {known} or, for other words, if its embedding was nearer to known values than a threshold set to "
            f"{percent(settings.false_positives, 0)} false positives{judge}.",
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
        return Paragraph("Taxonomy", given(evidence, "taxonomy", "Dimensions and subdimensions"))
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
            f"Stability was examined in {count(settings.bootstrap, 'resample')} by the Jaccard similarity of "
            f"clusters and Tucker’s congruence of factors {cite('hennig', 'tucker')}."
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
    return sentences(
        f"{what}{shown}.",
        f"{count(kept, 'factor').capitalize()}, {rule}, {'were' if kept > 1 else 'was'} extracted by {name}"
        f"{' ' + cite(source) if source else ''} and rotated by {settings.rotation} {cite('jennrich')}.",
        f"Fit: {', '.join(told)}." if told else "",
        f"{count(extension, 'further word').capitalize()} got loadings by extension {cite('dwyer')}."
        if extension
        else "",
    )


def multiverse(evidence: Evidence) -> Paragraph | None:
    """How many other analyses of the same words were made."""
    about = evidence.document("multiverse_summary")
    if not about or not about.get("n_analysed"):
        return None
    drawn = f" (drawn at random from {whole(about['n_grid'])})" if about.get("sampled") else ""
    text = sentences(
        f"As a test of robustness, {count(about['n_analysed'], 'analysis', 'analyses')} of the same words were made under "
        f"other defensible choices{drawn}; a dimension came back in one of them if the Jaccard similarity of its words "
        f"exceeded {plain(about['comes_back'], 2)}.",
        " ".join(str(finding) for finding in about.get("findings") or []),
    )
    return Paragraph("Multiverse analysis", text)
