"""The recovery study: its floors decide, and its section of the document is replaced alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from valuelex.errors import SettingError
from valuelex.taxonomy.validation import Validation, replace_section, validate


def test_a_floor_that_is_missed_fails_the_whole() -> None:
    checks = pd.DataFrame({"what": ["a", "b"], "figure": [0.9, 0.5], "floor": [0.8, 0.6], "ok": [True, False]})
    table = pd.DataFrame(
        {"setting": ["null"], "chain": ["valuelex"], "draws": [3], "ari": [float("nan")], "ari_10": [float("nan")],
         "ari_90": [float("nan")], "right_number": [0.0], "within_one": [0.0], "not_factorable": [1.0],
         "differ": [float("nan")]}
    )  # fmt: skip
    found = Validation(table, checks, 3, 7)
    assert not found.passed
    assert "| b | 0.50 | 0.60 | **no** |" in found.to_markdown()
    assert "| null | valuelex |  | 0 % | 0 % | 100 % |  |" in found.to_markdown()
    assert "3 simulated populations" in found.summary()


def test_no_draws_are_refused() -> None:
    with pytest.raises(SettingError, match="draws is 0"):
        validate(0)


def test_a_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "v.md"
    path.write_text("# Validation\n\n## One\n\nold\n\n## Two\n\nstays\n")
    replace_section(path, "## One\n\nnew\n")
    assert path.read_text() == "# Validation\n\n## One\n\nnew\n\n## Two\n\nstays\n"
    replace_section(path, "## Three\n\nadded\n")
    assert path.read_text().endswith("stays\n\n## Three\n\nadded\n")
    replace_section(tmp_path / "other.md", "## One\n\nfirst\n")
    assert (tmp_path / "other.md").read_text() == "# Validation\n\n## One\n\nfirst\n"
