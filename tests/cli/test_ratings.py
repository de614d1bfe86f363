"""The commands for human raters, from the outside."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.projective.scoring.made_up import study as made_up
from valuelex.cli.app import main


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["valuelex", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_export_import_and_manual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    _, completions, instrument, _ = made_up(models=2, stems=4, samples=1)
    for name, table in {"completions": completions, "instrument": instrument}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    inputs = {n: f"{n}.csv" for n in ("completions", "instrument")}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"name": "r", "models": [], "inputs": inputs}))
    study = str(tmp_path)
    assert run(monkeypatch, "ratings", "export", study) == 2
    assert "valuelex instrument STUDY" in capsys.readouterr().err
    for stage in ("instrument", "administer"):
        assert run(monkeypatch, stage, study) == 0
    assert run(monkeypatch, "ratings", "export", study, "--raters", "1", "--form", "A", "--completions", "3") == 0
    assert "3 completions for 1 raters" in capsys.readouterr().out
    sheet = tmp_path / "ratings" / "sheet_R1.csv"
    text = sheet.read_text(encoding="utf-8-sig").splitlines()
    sheet.write_text("\n".join([text[0], *(line[:-5] + ",9,,," for line in text[1:])]))
    assert run(monkeypatch, "ratings", "import", study, str(sheet)) == 2
    assert "nothing was imported" in capsys.readouterr().err
    sheet.write_text("\n".join([text[0], *(line[:-5] + ",6,NA,,0," for line in text[1:])]))
    assert run(monkeypatch, "ratings", "import", study, str(sheet)) == 0
    assert "9 ratings imported" in capsys.readouterr().out
    assert run(monkeypatch, "manual", study) == 0
    assert (tmp_path / "manual.html").is_file()
