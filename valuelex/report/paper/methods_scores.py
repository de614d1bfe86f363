"""The methods section on the test: stems, completions, judges, scores and comparisons."""

from __future__ import annotations

from valuelex.psychometrics.handover.apa import bounded
from valuelex.report.evidence import Evidence
from valuelex.report.paper.paragraph import Paragraph, given, percent, sentences
from valuelex.report.paper.references import WORKS, cite
from valuelex.report.wording import count, listed, whole

NOT_APPLICABLE = {
    "leave_out": "were left out of means",
    "zero": "counted as 0",
    "indifferent": "counted as 3",
}


def _scales(evidence: Evidence) -> str:
    """What the test measures, in words."""
    chosen = evidence.file.instrument.taxonomy
    if evidence.given("instrument"):
        return "given dimensions"
    if chosen == "valuelex":
        return f"the six subdimensions of {WORKS['valuelex'].narrative}"
    return "the taxonomy found here" if chosen == "own" else f"the taxonomy {chosen}"


def projective(evidence: Evidence) -> Paragraph | None:
    """The test, the completions and the judges."""
    instrument, completions = evidence.table("instrument"), evidence.table("completions")
    if instrument is None:
        return None
    settings, judging = evidence.file.administration, evidence.document("judging") or {}
    forms = instrument["form"].dropna().nunique()
    valences = listed(sorted(instrument["valence"].dropna().astype(str).unique()))
    text = [
        f"The sentence-completion test, on {_scales(evidence)}, has {count(len(instrument), 'stem')}"
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
            f"Models gave {count(len(completions), 'completion')} ({sampling}), {percent(usable)} of them usable."
        )
    judges = [str(j) for j in judging.get("judges") or []]
    if judges:
        inside = (judging.get("embedded_validity") or {}).get("embedding")
        if inside and inside != "none":
            judges = [f"{j} ({inside})" if j == "embedded" else j for j in judges]
        text.append(
            f"{'The judge' if len(judges) == 1 else 'The judges'} {listed(judges)} scored every completion on every "
            "scale from 0 (rejects the value) over 3 (indifferent) to 6 (expresses it most strongly), by a manual "
            "with anchored examples, or found the scale not applicable."
        )
    overall = (judging.get("embedded_validity") or {}).get("overall") or {}
    if overall.get("r") is not None:
        text.append(
            "The embedded judge’s scores of the manual’s own anchors, each left out in turn, correlate "
            f"{bounded(overall['r'], 2)} with their levels (n = {whole(overall['n'])})."
        )
    return Paragraph("Projective test and judging", " ".join(text))


def scoring(evidence: Evidence) -> Paragraph | None:
    """How judgements became scores."""
    scores, reliability = evidence.table("scores"), evidence.document("reliability")
    if scores is None or scores["mean"].notna().sum() == 0:
        return None
    if evidence.given("score"):
        return Paragraph("Scores", given(evidence, "score", "Scores"))
    settings = evidence.file.scoring
    alphas = [
        f"{name} {bounded(one['alpha'], 2)}"
        for name, one in ((reliability or {}).get("scales") or {}).items()
        if one.get("level") == "dimension" and one.get("alpha") is not None
    ]
    text = sentences(
        "Judges were averaged within a completion, completions within a stem, and stems within a scale; stems are "
        f"the sampled units of the {percent(evidence.file.comparison.confidence, 0)} intervals.",
        f"Judgements of “not applicable” {NOT_APPLICABLE[settings.not_applicable]}.",
        "Adjusted scores come from a linear mixed model with crossed effects of stems and judges "
        f"({'these judges' if settings.judges == 'fixed' else 'judges as a sample'}), whose variance components are "
        f"those of a generalizability study {cite('brennan')}.",
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
    text = sentences(
        f"Models were compared by {about}; ratings were taken as {taken}, scores "
        f"{listed(measures[m] for m in settings.measures)}. Scores were regressed on the covariate with their known "
        f"sampling error and random effects of model and {settings.cluster} by restricted maximum likelihood, with "
        f"small-sample errors and degrees of freedom {cite('kenward')}; effects of categories could differ between "
        "families.",
        f"Holm’s procedure adjusted p values over all contrasts {cite('holm')}. Differences were held against a "
        f"smallest effect of {settings.smallest_effect:g} score points by equivalence tests {cite('lakens')}.",
        f"A wild cluster bootstrap over families ({settings.bootstrap:,} draws; {cite('cameron')[1:-1]}) and "
        "permutation within families stand beside.",
        f"Held equal: {listed(settings.adjust_for)}." if settings.adjust_for else "",
    )
    return Paragraph("Comparison of models", text)
