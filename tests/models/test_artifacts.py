"""Model files: put together from parts, accepted only with the right hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from valuelex.errors import ArtifactError
from valuelex.models import Artifact, is_here, locate
from valuelex.models.registry import Part


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VALUELEX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def artifact(sha256: str, *paths: str) -> Artifact:
    """Parts inside an installed package (pytest's own files stand in for a model's)."""
    parts = tuple(Part(package="pytest", version=pytest.__version__, path=p) for p in paths)
    return Artifact(file="model.bin", sha256=sha256, parts=parts)


def site(path: str) -> bytes:
    return (Path(pytest.__file__).parent.parent / path).read_bytes()


def test_parts_are_joined_and_verified(cache: Path) -> None:
    content = site("pytest/__main__.py") + site("pytest/__init__.py")
    found = artifact(hashlib.sha256(content).hexdigest(), "pytest/__main__.py", "pytest/__init__.py")
    assert not is_here(found)
    assert locate(found).read_bytes() == content
    assert is_here(found)
    assert [p.name for p in cache.iterdir()] == ["model.bin"]


def test_a_wrong_hash_is_refused_and_nothing_is_kept(cache: Path) -> None:
    with pytest.raises(ArtifactError, match="SHA-256 is .* the registry says 000000"):
        locate(artifact("0" * 64, "pytest/__main__.py"))
    assert list(cache.iterdir()) == []


def test_a_file_that_was_tampered_with_is_refused(cache: Path) -> None:
    content = site("pytest/__main__.py")
    found = artifact(hashlib.sha256(content).hexdigest(), "pytest/__main__.py")
    locate(found).write_bytes(content + b"x")
    with pytest.raises(ArtifactError, match="this is another file"):
        locate(found)
