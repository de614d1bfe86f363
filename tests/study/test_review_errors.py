"""What a review found: errors in inline lists named the wrong thing, and sections within sections the keys of the outer one."""

from __future__ import annotations

from pathlib import Path

import pytest

import valuelex
from valuelex.errors import StudyFileError

START = "models:\n  - {id: a, base_url: 'http://127.0.0.1:9/v1'}\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("elicitation:\n  prompts:\n    - {id: p}\n", r"line 5: key 'elicitation.prompts\[0\].text' is missing"),
        (
            "elicitation:\n  prompts:\n    - {id: p, text: ' '}\n",
            r"line 5: elicitation.prompts\[0\].text: must not be blank",
        ),
        (
            "elicitation:\n  few_shot:\n    - {id: s, topic: t, items: []}\n",
            r"line 5: elicitation.few_shot\[0\].items: ",
        ),
        ("elicitation:\n  stop_when: {coverag: .9}\n", "coverag'.\nDid you mean 'coverage'"),
        ("respondents:\n  personas:\n    - {id: x}\n", r"line 5: key 'respondents.personas\[0\].text' is missing"),
    ],
)
def test_the_entry_is_named_and_not_the_other_form_that_the_key_could_have(
    tmp_path: Path, lines: str, said: str
) -> None:
    (tmp_path / "study.yaml").write_text(START + lines)
    with pytest.raises(StudyFileError, match=said):
        valuelex.Study.load(tmp_path)


def test_a_price_has_keys_of_its_own(tmp_path: Path) -> None:
    text = "models:\n  - id: a\n    base_url: http://127.0.0.1:9/v1\n    price: {input: 1, output: 1, discount: .5}\n"
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(StudyFileError, match="as_of, batch_discount, input, output|batch_discount"):
        valuelex.Study.load(tmp_path)
