"""The page: whole, self-contained, deterministic, and deaf to what models say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser

import pandas as pd
import pytest

from valuelex.report import render
from valuelex.report.evidence import Evidence
from valuelex.report.page import SCRIPTS, STEPS, build, pictures, script_json
from valuelex.study import STAGES, Study
from valuelex.tables import TABLES, empty, write

Results = Callable[..., Study]
HOSTILE = "<script>alert(1)</script></script><!--<img src=x onerror=alert(2)>\"'&{{ 7*7 }}"


class Elements(HTMLParser):
    """Collects tags, ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href"):
                self.links.append(value or "")


def parsed(html: str) -> Elements:
    found = Elements()
    found.feed(html)
    return found


def test_a_whole_report(results: Results):
    study = results(manifest=True)
    html = render(study)
    found = parsed(html)
    assert html.startswith("<!doctype html>")
    assert [s for s in found.ids if s in [step.NAME for step in STEPS]] == [*STAGES, "settings"]
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.links) <= {f"#{i}" for i in found.ids} | {"data:,"}
    assert len(html.encode()) < 8 * 2**20
    assert found.tags.count("script") == 1 + len(SCRIPTS) + 1 + sum(1 for _ in pictures(build(Evidence(study))))
    assert found.tags.count("h1") == 1


def test_the_same_tables_give_the_same_bytes(results: Results):
    first, second = results(folder="one", manifest=True), results(folder="two", manifest=True)
    assert render(first) == render(second) == render(first)


def test_latency_does_not_show(results: Results):
    slow = results()
    table = slow.read("responses")
    before = render(slow)
    write("responses", table.assign(latency_s=table["latency_s"] + 100), slow.results)
    assert render(slow) == before


def test_what_models_say_is_data(results: Results):
    study = results(answer=HOSTILE)
    for name in ("words", "lexicon", "assignments", "instrument"):
        table = study.read(name)
        column = "stem" if name == "instrument" else "word"
        changed = table[column].astype(object)
        changed.iloc[0] = HOSTILE
        if name == "words":
            table = table.assign(raw=HOSTILE, reason=HOSTILE)
        write(name, table.assign(**{column: changed.astype("string")}), study.results)
    html = render(study)
    clean = render(results(folder="clean"))
    assert "<script>alert" not in html
    assert "<img" not in html.replace(re.findall(r"<script>.*?</script>", html, re.S)[0], "")
    assert parsed(html).tags.count("script") == parsed(clean).tags.count("script")
    assert "onerror" not in parsed(html).attributes
    assert "{{ 7*7 }}" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_json_cannot_end_its_script():
    text = script_json({"a": HOSTILE + "\u2028"})
    assert "<" not in text and ">" not in text and "&" not in text and "\u2028" not in text
    assert pd.io.json.ujson_loads(text)["a"] == HOSTILE + "\u2028"


def test_only_the_known_scripts_may_run(results: Results):
    import base64
    import hashlib

    html = render(results())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html).group(1)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    assert len(scripts) == 1 + len(SCRIPTS)
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy.replace("&#39;", "'")
    assert "default-src &#39;none&#39;" in policy


@pytest.mark.parametrize("last", [None, *STAGES])
def test_a_chain_that_stopped(results: Results, last: str | None):
    names = list(STAGES)
    done = names[: names.index(last) + 1] if last else []
    study = results(only=tuple(t for name in done for t in STAGES[name].writes) or ("none",))
    html = render(study)
    assert html.count('class="absent"') == len(names) - len(done)


@pytest.mark.parametrize("name", [t for t in TABLES if t not in ("structure",)])
def test_empty_tables(results: Results, name: str):
    assert render(results(changes={name: empty(name)}))


@pytest.mark.parametrize(
    "options", [{"factorable": False}, {"kept": False}, {"applicable": False}, {"models": ("gemma-3-270m",)}]
)
def test_thin_studies(results: Results, options: dict):
    assert render(results(**options))


def test_a_study_from_given_completions(results: Results):
    source = results(folder="source")
    inputs = {
        "completions": str(source.results / "completions.csv"),
        "instrument": str(source.results / "instrument.csv"),
    }
    keys = {"models": [], "inputs": inputs}
    names = ("completions", "instrument", "judgements", "judging", "scores", "comparisons", "reliability")
    study = results(folder="given", only=names, keys=keys)
    html = render(study)
    assert html.count("Not part of this study, which starts from given tables (completions, instrument).") == 3
    assert html.count("was given (") == 2


def test_a_study_ends_in_its_report(results: Results):
    source = results(folder="source")
    study = results(folder="scored", only=("none",), keys={"inputs": {"scores": str(source.results / "scores.csv")}})
    assert study.run(to="report") == ["score", "compare", "report"]
    assert (study.results / "report.html").read_text(encoding="utf-8") == render(study)
    assert study.run(to="report") == []


def test_importing_is_light():
    code = "import sys, valuelex.report; print(sorted({'plotly', 'jinja2', 'statsmodels'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
