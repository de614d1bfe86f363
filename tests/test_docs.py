"""The documentation is true of the code: generated pages are up to date, links resolve, examples run, settings exist."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "benchmarks").glob("*.md"))]

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_RUN = re.compile(r"^<!-- run -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\|[^|]*\| `([a-z_.]+)` \| `([^`]*)` \|$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is a script and not part of the package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["study-file.md", "tables.md", "command-line.md"])
def test_generated_pages_are_up_to_date(generate: ModuleType, page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text == generate.GENERATED[page](), "run: python docs/generate.py"


def test_no_meaning_is_given_twice(generate: ModuleType) -> None:
    """A key that has a docstring in the code needs none in the script, and a key that is gone needs none at all."""
    owners = {model.__name__: model for model in [generate.StudyFile, *(model for _, model, _ in generate.SECTIONS)]}
    for key in generate.WITHOUT_DOCSTRING:
        model, field = key.split(".")
        assert field in owners[model].model_fields, key
        assert field not in generate.field_docs(owners[model]), key


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_resolve(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", [p for p in PAGES if _RUN.search(p.read_text(encoding="utf-8"))], ids=name)
def test_marked_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page share one namespace and start in an empty folder."""
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "__docs__"}
    for block in _RUN.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, name(page), "exec"), space)


def test_settings_and_defaults_in_the_method_are_those_of_the_code(generate: ModuleType) -> None:
    """Rows of the form | choice | `section.key` | `default` |."""
    rows = _ROW.findall((ROOT / "docs" / "method.md").read_text(encoding="utf-8"))
    assert len(rows) > 20
    for key, shown in rows:
        section, _, field = key.partition(".")
        model = generate.StudyFile.model_fields[section]
        if field:
            model = type(model.get_default(call_default_factory=True)).model_fields[field]
        assert yaml.safe_load(shown) == model.get_default(call_default_factory=True), key


def test_yaml_snippets_are_study_files(generate: ModuleType) -> None:
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            generate.StudyFile.model_validate({"models": [], **yaml.safe_load(block)})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as a site, built as `make docs` does: a broken link or a page without a place is an error."""
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    command += ["--config-file", str(ROOT / "docs" / "site" / "mkdocs.yml")]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_has_every_page_and_asks_nobody(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= {path.stem for path in site.glob("*.html")}
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in pages - {"index"}:
        assert f'href="{page}.html"' in index, f"{page} is not in the navigation"
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=[\"']?(https?:[^\"'> ]+)")
    for path in site.rglob("*.html"):
        found = [u for u in loaded.findall(path.read_text(encoding="utf-8")) if "rel=canonical" not in u]
        assert found == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:|@import\s+[\"']?https?:", path.read_text(encoding="utf-8")), (
            path.name
        )


def test_the_site_leaves_out_what_is_no_page(site: Path) -> None:
    assert not list(site.rglob("*.py")) and not (site / "site" / "mkdocs.yml").exists()
    assert "[![" not in (site / "factor-analysis.html").read_text(encoding="utf-8")
    assert "../notebooks" not in (site / "factor-analysis.html").read_text(encoding="utf-8")
