"""The package as it is shipped: what the wheel holds, what an install pulls in, what stands in the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import valuelex
from valuelex.resources import find, instruments

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_instruments_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"valuelex/py.typed", "valuelex/report/templates/page.html.j2"} <= names
    for path in (ROOT / "instruments").rglob("*"):
        if path.is_file():
            assert f"valuelex/{path.relative_to(ROOT)}" in names
    assert not [n for n in names if n.startswith(("tests/", "results/", "docs/"))]


def test_the_packaged_copy_of_instruments_is_found_first(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "from valuelex.resources import find, instruments as i; print(i()); print(find('studies', 'demo.yaml').exists())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.split() == [str(tmp_path / "valuelex" / "instruments"), "True"]


def test_a_checkout_finds_the_folder_at_its_root() -> None:
    assert instruments() in (ROOT / "instruments", Path(valuelex.__file__).parent / "instruments")
    with pytest.raises(FileNotFoundError, match="there are: demo, replication"):
        find("studies", "demoo.yaml")


def test_a_plain_install_pulls_in_neither_torch_nor_a_model() -> None:
    plain = " ".join(PROJECT["dependencies"]).lower()
    for name in ("torch", "sentence-transformers", "transformers", "xllamacpp", "umap", "hdbscan", "jupyter"):
        assert name not in plain
    assert {"demo", "sentence-transformers", "spss", "notebooks", "dask", "test"} <= set(
        PROJECT["optional-dependencies"]
    )
    assert not [r for r in PROJECT["optional-dependencies"]["test"] if "torch" in r]


def test_the_version_is_written_once() -> None:
    assert valuelex.__version__ in (ROOT / "CHANGELOG.md").read_text()
    assert f"version: {valuelex.__version__}" in (ROOT / "CITATION.cff").read_text()


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False)
    return [ROOT / name for name in done.stdout.split() if (ROOT / name).is_file()]


def test_no_file_names_a_machine_path_a_registry_host_or_a_key() -> None:
    # Written in pieces, so that this file does not name them either.
    secret = re.compile(
        "|".join(("/home/" + r"\w", "/root/" + r"\w", "/work/" + "main", "pypi" + r"\.org", "sk-" + r"[A-Za-z0-9]{20}"))
    )
    found = []
    for path in tracked():
        if (
            path.suffix in (".py", ".md", ".yaml", ".yml", ".toml", ".cff", ".txt", ".ipynb", ".csv", "")
            and path.stat().st_size < 2**21
        ):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
                if secret.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line[:80]}")
    assert found == []


def test_missing_extras_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import asyncio

    from valuelex.errors import MissingExtra
    from valuelex.models import EmbeddedEngine, Request
    from valuelex.semantics import SentenceTransformerEmbedder

    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'valuelex\[demo\]'"):
        asyncio.run(EmbeddedEngine(tmp_path / "m.gguf").complete(Request("m", "embedded:0", "m", "chat")))
    with pytest.raises(MissingExtra, match=r"pip install 'valuelex\[sentence-transformers\]'"):
        SentenceTransformerEmbedder("any")
