"""The methods section of a paper, as text: every choice and number that the study was made with."""

from __future__ import annotations

from collections.abc import Callable

from valuelex._version import __version__
from valuelex.report.evidence import Evidence
from valuelex.report.paper.methods_scores import comparison, projective, scoring
from valuelex.report.paper.methods_words import elicitation, lexicon, multiverse, taxonomy
from valuelex.report.paper.paragraph import Paragraph, sentences
from valuelex.report.wording import count, listed, size, spelled, whole


def paragraphs(evidence: Evidence) -> list[Paragraph]:
    """Return the parts of the methods section, in the order of the chain; a step without tables has none.

    Parameters
    ----------
    evidence : Evidence
        Settings come from the study file, numbers from the tables: a number that no table holds is not said.
    """
    return [made for part in _PARTS if (made := part(evidence)) is not None]


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
            f"{count(people['respondent_id'].nunique(), 'respondent')}; respondents are nested in models and were "
            "not treated as independent."
        )
    text = sentences(f"{who} {' '.join(filter(None, about))} took part.".replace("  ", " "), names, configured)
    return Paragraph("Models and respondents", text)


def _levels(values: list[float | None]) -> str:
    return ", ".join("default" if v is None else f"{v:g}" for v in values)


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
        sentences(
            f"All analyses were made with valuelex {version}{python}{f' ({used})' if used else ''}, seed "
            f"{evidence.file.seed}. The same study file and ledger of answers give the same tables.",
            planned,
        ),
    )


_PARTS: tuple[Callable[[Evidence], Paragraph | None], ...] = (
    respondents,
    elicitation,
    lexicon,
    taxonomy,
    multiverse,
    projective,
    scoring,
    comparison,
    software,
)
