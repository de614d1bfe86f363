"""Every notebook runs from top to bottom, and is stored without outputs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import valuelex
from valuelex.taxonomy.simulation import Population, simulate

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
KERNEL = "valuelex-tests"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel that is the running interpreter, whatever kernels the machine has under the name python3."""
    folder = tmp_path / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return KERNEL


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_is_stored_without_outputs(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


def cases() -> list[Any]:
    """Every notebook without models, and with those that are here if it can see any: psychometrics knows nothing of models."""
    found = []
    for path in NOTEBOOKS:
        used = set(re.findall(r"^[ ]*(?:from|import) valuelex.*$", source(path), re.MULTILINE))
        blind = used == {"from valuelex import psychometrics as pm"}
        kinds = ["none"] if blind else ["as they are", "none"]
        found += [pytest.param(path, models, id=f"{path.stem}-{models}") for models in kinds]
    return found


def source(path: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


@pytest.mark.parametrize(("path", "models"), cases())
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # jupyter's own packages, not ours: the notebook runs in its kernel
def test_runs(path: Path, models: str, kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if models == "none":
        monkeypatch.setenv("VALUELEX_CACHE", str(tmp_path / "empty"))
    assert spoken(nbformat.read(path, as_version=4), kernel, tmp_path) == []


def spoken(notebook, kernel: str, folder: Path) -> list:
    """Run a notebook; return what it said on stderr."""
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name=kernel, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [out for cell in notebook.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"]


@pytest.mark.parametrize("structured", [True, False], ids=["factorable", "not factorable"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_taxonomy_notebook_reads_a_finished_study(structured: bool, kernel: str, tmp_path: Path) -> None:
    """With STUDY set it explores that study, whether its words could be factored or not, and leaves it as it is."""
    drawn = simulate(Population(3, 36, 24 if structured else 2, 8, structure=structured), seed=3)
    place = tmp_path / "mine"
    place.mkdir()
    drawn.words.to_csv(place / "words.csv", index=False)
    drawn.vectors.rename_axis("word").add_prefix("v").reset_index().to_csv(place / "vectors.csv", index=False)
    (place / "study.yaml").write_text(
        "name: mine\nmodels: []\ninputs: {words: words.csv}\ntaxonomy: {bootstrap: 5, embedding: 'precomputed:vectors.csv'}\n"
    )
    study = valuelex.Study.load(place)
    study.run("taxonomy")
    assert study.document("adequacy")["factorable"] == structured
    before = {path.name: path.read_bytes() for path in study.results.iterdir() if path.is_file()}
    notebook = nbformat.read(NOTEBOOKS[0].with_name("02_taxonomy.ipynb"), as_version=4)
    [cell] = [c for c in notebook.cells if c.cell_type == "code" and c.source.startswith("STUDY = None")]
    cell.source = f"STUDY = {str(place)!r}"
    assert spoken(notebook, kernel, tmp_path) == []
    assert {path.name: path.read_bytes() for path in study.results.iterdir() if path.is_file()} == before
