from __future__ import annotations

import json

import pytest

from valuelex import resources
from valuelex.errors import DataError
from valuelex.psychometrics import verification


def test_every_reference_number_is_recomputed():
    found = verification.verify()
    assert found.passed, found.summary()
    assert len(found.frame) > 100
    assert list(found.frame.columns) == ["what", "source", "reference", "recomputed", "difference", "tolerance", "ok"]
    assert found.frame["source"].str.contains("psych|lavaan|GPArotation|EFAtools|factanal").all()


def test_a_wrong_number_is_missed_and_said(tmp_path, monkeypatch):
    held = json.loads(resources.find("reference", "verify.json").read_text())
    held["checks"] = held["checks"][:2]
    held["checks"][0]["value"] += 0.001
    path = tmp_path / "verify.json"
    path.write_text(json.dumps(held))
    monkeypatch.setattr(resources, "find", lambda *parts: path)
    found = verification.verify()
    assert not found.passed
    assert found.frame["ok"].tolist() == [False, True]
    assert "MISSED" in found.summary()
    assert "1 of 2 reference numbers" in found.summary()


def test_broken_file_of_references_is_named(tmp_path, monkeypatch):
    path = tmp_path / "verify.json"
    path.write_text("{")
    monkeypatch.setattr(resources, "find", lambda *parts: path)
    with pytest.raises(DataError, match="reference numbers cannot be read"):
        verification.verify()
