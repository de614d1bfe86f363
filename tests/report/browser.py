"""A headless Chromium for the tests of pages; skips where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM.exists() and DRIVER.exists()), reason="chromium or chromedriver is not installed"),
]


def driver(profile: Path) -> Iterator[Any]:
    """Yield a driver, and end the browser afterwards."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield made
    made.quit()


def opened(browser: Any, address: str, width: int = 1280, scheme: str = "light") -> Any:
    """Open a report at a width and in a colour scheme; return the driver when every figure has been drawn."""
    browser.get_log("browser")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    # An address that differs in its last part alone would not be loaded anew.
    browser.get("about:blank")
    browser.get(address)
    until(browser, "return Boolean(document.documentElement.dataset.drawn)")
    until(browser, "const e = document.getElementById('explorer'); return !e || Boolean(e.dataset.shown)")
    return browser


def until(driver: Any, script: str, *arguments: Any) -> None:
    """Wait until the page says true: what follows an event comes when the machine has time for it."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 60).until(lambda d: d.execute_script(script, *arguments) is True, message=script)


def complaints(driver: Any) -> list[str]:
    """What the page wrote to the console since it was opened."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
