"""The page in a real browser: drawn, quiet, readable on a desk and on a telephone, in the light and in the dark."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report import browser
from tests.report.browser import complaints, until
from valuelex.report import render
from valuelex.study import Study

pytestmark = browser.MARKS


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from browser.driver(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Callable[..., Any]:
    """Open a study's report; return the driver when every figure has been drawn."""

    def open_report(study: Study, width: int = 1280, scheme: str = "light", choice: str = "") -> Any:
        page = tmp_path / "report.html"
        page.write_text(render(study), encoding="utf-8")
        return browser.opened(chromium, page.as_uri() + choice, width, scheme)

    return open_report


SIZES = """return [...document.querySelectorAll('.plot')].map(plot => {
    const box = plot.querySelector('svg.main-svg')?.getBoundingClientRect();
    return [plot.dataset.spec, box ? box.width : 0, box ? box.height : 0,
            plot.querySelectorAll('.points path, .point, .lines path, .bars path').length, plot.getAttribute('aria-label')];
})"""

LOW_CONTRAST = """
const rgb = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
const light = text => { const [r, g, b] = rgb(text).map(linear); return .2126 * r + .7152 * g + .0722 * b; };
const clear = text => text === 'transparent' || /, 0\\)$/.test(text);
const ground = element => {
    while (element && clear(getComputedStyle(element).backgroundColor)) element = element.parentElement;
    return element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
};
const holds = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
return [...document.querySelectorAll('main *, nav *')]
    .filter(e => holds(e) && !e.closest('svg') && e.getClientRects().length)
    .map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
        return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + '.' + e.className];
    })
    .filter(pair => pair[0] < 4.5)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_drawn_quiet_and_within_the_page(
    results: Callable[..., Study], show: Callable[..., Any], width: int, scheme: str
):
    driver = show(results(manifest=True), width, scheme)
    pictures = driver.execute_script(SIZES)
    assert len(pictures) == 16
    for name, w, h, marks, words in pictures:
        assert 0 < w <= width and h > 0, name
        assert marks > 0, name
        assert len(words) > 40, name
    wide, inner = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= inner == width
    assert complaints(driver) == []
    assert driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)") == []


def test_every_text_has_contrast(results: Callable[..., Study], show: Callable[..., Any]):
    study = results()
    for scheme in ("light", "dark"):
        assert show(study, 1280, scheme).execute_script(LOW_CONTRAST) == []


def test_figures_follow_the_colour_scheme(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results())
    colour = "return getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    light = driver.execute_script(colour)
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    # The page hears of the change and draws anew some moments later: how many depends on the machine.
    until(driver, f"return (() => {{ {colour} }})() !== arguments[0]", light)


def test_the_keyboard_reaches_everything(results: Callable[..., Study], show: Callable[..., Any]):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver = show(results())
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert driver.switch_to.active_element.get_attribute("class") == "skip"
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(driver, "return location.hash === '#main'")
    assert driver.execute_script("return [...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0)")
    summary = driver.find_element(By.CSS_SELECTOR, "#elicit summary")
    summary.send_keys(Keys.ENTER)
    until(driver, "return arguments[0].parentElement.open", summary)


def test_a_survey_is_drawn(results: Callable[..., Study], show: Callable[..., Any]):
    study = results(survey=True)
    for width in (1280, 400):
        driver = show(study, width)
        pictures = {name: marks for name, w, h, marks, _ in driver.execute_script(SIZES)}
        assert len(pictures) == 20
        assert pictures["spec-lexicon-saturation-open"] >= 3 * 3
        assert pictures["spec-lexicon-variance"] >= 2
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert complaints(driver) == []


def test_hostile_answers_do_nothing(results: Callable[..., Study], show: Callable[..., Any]):
    study = results(answer="<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>")
    assert show(study).execute_script("return window.hit") is None


def test_prints(results: Callable[..., Study], show: Callable[..., Any]):
    driver = show(results(), 1280, "dark")
    made = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    assert base64.b64decode(made["data"]).startswith(b"%PDF")
    # Afterwards the page is as it was.
    until(driver, "return document.documentElement.dataset.theme === undefined")
    until(driver, "return document.querySelectorAll('details[open]').length === 0")
