"""Names by a language model are shown with their replies, and no reply is markup."""

from __future__ import annotations

from collections.abc import Callable

from valuelex.report import render, taxonomy
from valuelex.report.evidence import Evidence
from valuelex.study import Study
from valuelex.tables import frame

BAD = "<script>alert(1)</script>"


def test_who_named_what_and_why_not(results: Callable[..., Study]) -> None:
    rows = [
        ("Honesty", "dimension", "Integrity", "Integrity", True, None),
        ("Care", "dimension", BAD, "Care", False, "holds marks or digits"),
    ]
    names = ("piece", "level", "answer", "name", "used", "why")
    table = frame(
        "naming",
        [
            dict(zip(names, row, strict=True)) | {"model_id": "namer", "prompt": f"Name it. {{form}}{BAD}"}
            for row in rows
        ],
    )
    study = results(changes={"naming": table})
    found = taxonomy.section(Evidence(study)).findings
    assert (
        "Names are those of a language model (namer); 1 piece kept the name of the central words. They moved no word."
        in found
    )
    html = render(study)
    assert 'id="taxonomy-naming"' in html
    assert BAD not in html
    assert "{form}" not in html
    assert 'id="taxonomy-naming"' not in render(results(folder="central"))
