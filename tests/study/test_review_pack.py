"""What a review found: a packed study whose `results:` is quoted pointed to the folder of the machine it came from."""

from __future__ import annotations

import pytest
import yaml

from valuelex.study.pack import _own_results


@pytest.mark.parametrize(
    "line",
    [
        "results: ../elsewhere",
        "results: ../elsewhere  # a remark",
        '"results": "../else where"',
        "'results': ../elsewhere",
        "results:\n  ../elsewhere",
        "results: >-\n  ../elsewhere",
        "results: |\n  ../elsewhere",
    ],
)
def test_the_results_of_a_packed_study_lie_beside_it(line: str) -> None:
    text = f"name: x\n{line}\nmodels: []\nrespondents:\n  personas: ['results: keep']\n"
    before, after = yaml.safe_load(text), yaml.safe_load(_own_results(text))
    assert after == before | {"results": "results"}


def test_a_study_in_flow_style() -> None:
    assert yaml.safe_load(_own_results("{models: [], results: /far/away}")) == {"models": [], "results": "results"}


def test_without_the_key_nothing_is_changed() -> None:
    assert _own_results("models: [] # results: x\n") == "models: [] # results: x\n"
