"""The dossier in the report: shown, said in sentences, and silent where there is none."""

from __future__ import annotations

import pandas as pd

from tests.projective.judging.dossier.simulated import FakeJudge, simulate
from valuelex.projective import judge_dossier
from valuelex.report import judge_dossier as page
from valuelex.report.content import Bullets, Details, Figure, Table


class FakeEvidence:
    """A FAKE of `Evidence`: tables and one document from memory."""

    def __init__(self, tables: dict[str, pd.DataFrame], judging: dict) -> None:
        self._tables, self._judging = tables, judging

    def table(self, name: str) -> pd.DataFrame | None:
        return self._tables.get(name)

    def document(self, name: str) -> dict:
        return self._judging


def evidence() -> FakeEvidence:
    cast = {"x": FakeJudge(), "strict": FakeJudge(severity=1.0), "kin": FakeJudge(own=2.0, family="a")}
    judgements, completions, repeats = simulate(cast, stems=8, again=True)
    families = {m: m[0] for m in completions["model_id"].unique()}
    made = judge_dossier(
        judgements, completions, repeats=repeats, judge_families={"kin": "a"}, model_families=families, draws=50
    )
    unknown = made.pop("unknown")
    made["judge_replies"] = pd.DataFrame({"attempt": [1, 1, 2]})
    return FakeEvidence(made, {"kin": {"kin": ["a1", "a2"]}, "unknown": unknown})


def test_everything_is_shown() -> None:
    blocks = page.blocks(evidence())
    names = [getattr(b, "name", getattr(b, "summary", getattr(b, "title", ""))) for b in blocks]
    assert names == [
        "judge-agreement",
        "Agreement on each scale",
        "judge-severity",
        "judge-biases",
        "One judge left out",
        "What is not known of these judges",
    ]
    table, details, figure, biases, left, unknown = blocks
    assert isinstance(table, Table) and [row[0] for row in table.rows][:3] == ["kin – strict", "kin – x", "strict – x"]
    assert [table.rows[3][0], table.rows[-1][0]] == ["kin, asked twice", "all judges"]
    assert isinstance(details, Details) and len(details.blocks[0].rows) == 4 * len(table.rows)
    assert isinstance(figure, Figure) and "strict 0." in figure.alt
    own = next(row for row in biases.rows if row[0].startswith("own family") and row[1] == "kin")
    assert own[2].strong and 1.5 < float(own[2].text) < 2.5
    assert isinstance(left, Details) and isinstance(unknown, Bullets)
    assert all(len(row) == len(b.columns) for b in (table, biases, left.blocks[0]) for row in b.rows)


def test_it_is_said_in_sentences() -> None:
    agreement, replies, left = page.findings(evidence())
    assert agreement.startswith("Over 3 pairs of judges Krippendorff’s alpha runs from ")
    assert replies.startswith("2 replies of language models could not be read") and "that 1 still could not" in replies
    assert left.startswith("Most hangs on kin: ")
    [warning] = page.warnings(evidence())
    assert warning.startswith("The judge kin is of the family of a1 and a2")


def test_silence_where_there_is_none() -> None:
    nothing = FakeEvidence({}, {})
    assert page.blocks(nothing) == [] and page.findings(nothing) == [] and page.warnings(nothing) == []
