"""What a reader does with the page, in a real browser: look up, sort, filter, cut off, take along; and who else can read it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.report import browser
from tests.report.browser import complaints, until
from tests.report.test_multiverse import made_up
from valuelex.report import render
from valuelex.report.evidence import Evidence
from valuelex.report.explore_rows import answers
from valuelex.study import Study
from valuelex.study.freeze import freeze
from valuelex.tables import write

pytestmark = browser.MARKS

HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'> \\u202e =1+1"
TYPE = """
const [id, value] = arguments, field = document.getElementById(id);
field.value = value;
field.dispatchEvent(new Event("input", { bubbles: true }));
"""
CUT = """
const inside = (e) => e.closest('.scroll, .plot, svg, pre, noscript, .track, .skip');
const out = (e) => { const r = e.getBoundingClientRect(); return r.right > innerWidth + 1 || r.left < -1; };
return [...document.getElementById(arguments[0]).querySelectorAll('*')]
    .filter(e => !inside(e) && e.getClientRects().length && out(e)).map(e => e.outerHTML.slice(0, 80));
"""
POINTS = """
return document.querySelector('#taxonomy-map .plot').data.flatMap(t => t.selectedpoints.map(k => t.customdata[k]));
"""
COLUMN = """
return [...document.querySelectorAll('#taxonomy-loadings tbody tr')].map(row => row.cells[arguments[0]])
    .map(cell => cell.dataset.value ?? cell.textContent);
"""
IMAGE = """
const [format, done] = arguments, plot = document.querySelector('#taxonomy-scree .plot');
Plotly.toImage(plot, { format, width: 700, height: 400 }).then(done);
"""
SHOWN = "return document.getElementById(arguments[0]).previousElementSibling.textContent"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from browser.driver(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Callable[..., Any]:
    def open_report(study: Study, width: int = 1280, scheme: str = "light", choice: str = "") -> Any:
        page = tmp_path / "report.html"
        page.write_text(render(study), encoding="utf-8")
        return browser.opened(chromium, page.as_uri() + choice, width, scheme)

    return open_report


def complete(results: Callable[..., Study]) -> Study:
    """A study with every section that a report can have: a frozen plan with a deviation, a survey, a multiverse."""
    study = results(manifest=True, survey=True)
    for name, value in made_up(60).items():
        write(name, value, study.results)
    freeze(study)
    text = study.path.read_text(encoding="utf-8").replace("seed: 3", "seed: 3\ntaxonomy: {salient: 0.35}")
    study.path.write_text(text, encoding="utf-8")
    return Study.load(study.path)


def chosen(driver: Any, **choice: str) -> None:
    """Choose as a reader does, and wait until all views have followed."""
    for name, value in choice.items():
        before = int(driver.execute_script("return Number(document.getElementById('explorer').dataset.shown)"))
        driver.execute_script(TYPE, f"look-{name}", value)
        until(driver, "return Number(document.getElementById('explorer').dataset.shown) > arguments[0]", before)


def test_a_word_leads_to_its_card_its_answers_and_its_point(results: Callable[..., Study], show: Callable[..., Any]):
    study = results()
    driver = show(study)
    chosen(driver, word="honesty")
    card = driver.execute_script("return document.getElementById('look-word-card').parentElement.textContent")
    assert "Virtue" in card and "Truth" in card and "F2" in card
    rows = answers(Evidence(study))
    n = len(rows.found(word="honesty"))
    assert f" of {n}." in driver.execute_script(SHOWN, "look-answers")
    about = driver.execute_script(
        "return [...document.querySelectorAll('#look-answers > li')].map(li => li.textContent)"
    )
    assert len(about) == n and all("honesty" in one for one in about)
    assert driver.execute_script(POINTS) == ["honesty"]
    assert "word=honesty" in driver.current_url


def test_the_page_filters_as_the_server_does(results: Callable[..., Study], show: Callable[..., Any]):
    study = results()
    driver, rows = show(study), answers(Evidence(study))
    asked: dict[str, str] = {}
    for name, value in (("model", "gemma-3-270m"), ("text", "KIND"), ("word", "kindness"), ("status", "ok")):
        asked[name] = value
        chosen(driver, **{name: value})
        n = len(rows.found(**asked))
        assert driver.execute_script(SHOWN, "look-answers") == (f"The first {n} of {n}." if n else "None.")
    chosen(driver, text="nothing has this")
    assert driver.execute_script(SHOWN, "look-answers") == "None."


def test_back_takes_a_choice_back_and_an_address_makes_it(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(), choice="#explore?model=gemma-3-270m")
    assert driver.execute_script("return document.getElementById('look-model').value") == "gemma-3-270m"
    chosen(driver, word="love")
    driver.back()
    until(driver, "return document.getElementById('look-word').value === ''")
    assert driver.execute_script("return document.getElementById('look-model').value") == "gemma-3-270m"
    assert driver.execute_script("return document.getElementById('look-word-card')") is None


def test_words_and_models_of_tables_lead_there(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results())
    links = "return [...document.querySelectorAll(arguments[0])].map(a => a.textContent)"
    assert "honesty" in driver.execute_script(links, "#taxonomy-loadings a.look")
    assert "honesty" in driver.execute_script(links, ".tree a.look")
    assert driver.execute_script(links, "#models a.look") == ["smollm2-135m-instruct", "gemma-3-270m"]
    driver.execute_script("document.querySelector('#taxonomy-loadings a.look').click()")
    until(driver, "return Boolean(document.getElementById('look-word-card'))")


def test_a_completion_has_its_stem_and_its_judgements(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(), choice="#explore?model=gemma-3-270m")
    first = driver.execute_script("return document.querySelector('#look-completions > li').textContent")
    assert "What matters in case 0 is to be kind, 0 times" in first
    assert "embedded: Truth" in first and "second: Truth" in first and "because" in first


def test_an_unknown_word_is_said(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(), choice="#explore?word=nonsense")
    assert "no word of this name" in driver.execute_script("return document.getElementById('look-said').textContent")
    assert complaints(driver) == []


def test_hostile_answers_are_shown_and_do_nothing(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(answer=HOSTILE), choice="#explore?word=honesty")
    driver.execute_script("location.hash = '#explore?text=script'")
    until(driver, "return document.querySelectorAll('#look-answers mark').length > 0")
    assert driver.execute_script("return window.hit") is None
    assert "<script>" in driver.execute_script("return document.querySelector('#look-answers .text').textContent")


def test_sorting_and_filtering_a_table(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results())
    press = "document.querySelectorAll('#taxonomy-loadings .sort')[arguments[0]].click()"
    for place, reverse in ((2, True), (2, False), (0, False), (0, True)):
        driver.execute_script(press, place)
        values = driver.execute_script(COLUMN, place)
        assert values == sorted(values, key=float if place else str, reverse=reverse)
    sort = driver.execute_script("return document.querySelector('#taxonomy-loadings th').getAttribute('aria-sort')")
    assert sort == "descending"


def test_the_reader_sets_the_cut_off(results: Callable[..., Study], show: Callable[..., Any]):
    study = results()
    driver = show(study)
    hidden = "return document.querySelectorAll('#taxonomy-loadings .below').length"
    assert driver.execute_script(hidden) == 0
    driver.execute_script(TYPE, "taxonomy-loadings-cutoff", "0.4")
    loadings = study.read("loadings")[["F1", "F2"]].to_numpy(dtype=float)
    assert driver.execute_script(hidden) == int((abs(loadings) < 0.4).sum())


def test_a_table_can_be_taken_along(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results())
    taken = """
    const done = arguments[0], make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then(done); return make(blob); };
    document.querySelector('#taxonomy-loadings').closest('.table').querySelector('[aria-label*=CSV]').click();
    """
    lines = driver.execute_async_script(taken).lstrip("\ufeff").split("\r\n")
    assert lines[0] == "word,F1,F2,communality,subdimension"
    assert lines[1].startswith("honesty,0.90,-0.55,")


def test_a_figure_can_be_taken_along(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results())
    assert driver.execute_async_script(IMAGE, "svg").startswith("data:image/svg+xml")
    png = driver.execute_async_script(IMAGE, "png")
    assert base64.b64decode(png.split(",")[1]).startswith(b"\x89PNG")
    assert complaints(driver) == []
    assert driver.execute_script("return document.querySelectorAll('figure .tools button').length") >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(results: Callable[..., Study], show: Callable[..., Any], scheme: str):
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    driver = show(complete(results), 1280, scheme, "#explore?word=honesty&model=gemma-3-270m")
    driver.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    driver.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    driver.set_script_timeout(120)
    found = driver.execute_async_script("axe.run().then(arguments[0])")
    assert len(found["passes"]) > 20
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]][:3])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("width", [1280, 400])
def test_a_picture_of_every_section(
    results: Callable[..., Study], show: Callable[..., Any], width: int, tmp_path: Path
):
    """Each section has its place and nothing of it is cut off; the pictures stay in pytest's folder for who wants to look."""
    driver = show(complete(results), width)
    names = driver.execute_script("return [...document.querySelectorAll('#overview, main > section')].map(s => s.id)")
    assert names == [
        "overview", "frozen", "elicit", "lexicon", "taxonomy", "multiverse", "instrument", "administer", "judge", "score",
        "compare", "explore", "paper", "settings",
    ]  # fmt: skip
    for name in names:
        assert driver.execute_script(CUT, name) == [], name
        height = driver.execute_script("return document.getElementById(arguments[0]).scrollHeight", name)
        metrics = {"width": width, "height": min(height, 4000), "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.execute_script("document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", name)
        picture = tmp_path / f"{name}-{width}.png"
        picture.write_bytes(base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))
        assert picture.stat().st_size > 5_000, f"{name} is blank"


def test_the_data_of_the_page_is_plain_json(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(answer=HOSTILE))
    held = json.loads(driver.execute_script("return document.getElementById('explorer-data').textContent"))
    assert held["answers"]["text"][2] == HOSTILE
