"""What commands say, as plain data: where a study stands, what a run did, which models there are, where a word came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from valuelex.study.deviations import standing
from valuelex.study.study import Study


def study_status(study: Study) -> dict[str, Any]:
    """Return study, results, each stage's state and counts, and how the study stands to its frozen plan.

    Keys: study, file, results, stages (stage, state, counts), plan (None, or when, summary, deviations).
    """
    plan = standing(study.path, study.file, study.folder, study.results)
    told = None
    if plan is not None:
        told = {
            "when": plan.frozen.when,
            "summary": plan.frozen.summary(),
            "deviations": [str(deviation) for deviation in plan.deviations],
        }
    return {
        "study": study.file.name,
        "file": str(study.path),
        "results": str(study.results),
        "stages": [{"stage": s.stage, "state": s.state, "counts": s.counts} for s in study.status()],
        "plan": told,
    }


def run_summary(study: Study, events: Sequence[tuple[str, str]], seconds: float) -> dict[str, Any]:
    """Return `study_status` with what a run did.

    Further keys: ran (stages that were computed), up_to_date, report (its path, or None), seconds.

    Parameters
    ----------
    study : Study
    events : sequence of (str, str)
        Stage and what happened to it, as a `Listener` hears it.
    seconds : float
    """
    report = study.results / "report.html"
    return study_status(study) | {
        "ran": [stage for stage, what in events if what == "run"],
        "up_to_date": [stage for stage, what in events if what == "up to date"],
        "report": str(report) if report.is_file() else None,
        "seconds": round(seconds, 3),
    }
