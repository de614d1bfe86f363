"""How smooth a report of many answers is: first paint, and a filter's answer, in headless Chromium.

Made-up answers and completions stand in the page as those of a study would. The peer is what a page does without columns of
its own: every answer is an element, and the filter hides those that do not match. Both in one browser, one after the other.

    python benchmarks/report.py [--answers 10000]
"""

from __future__ import annotations

import argparse
import html
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

import valuelex as vl
from valuelex.report import render
from valuelex.tables import TABLES, frame, write

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
MODELS, WORDS, REPEATS = 40, 400, 9
SYLLABLES = ("ba", "ri", "to", "ne", "lu", "ka", "si", "mo", "ve", "da")
FILTER = """
const [field, value, done] = arguments;
const input = document.getElementById(field), start = performance.now();
input.value = value;
input.dispatchEvent(new Event("input", { bubbles: true }));
// Two frames later what was asked for is on the screen.
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
"""
PAINT = "return performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)[0] ?? null"


def study(folder: Path, answers: int) -> vl.Study:
    """A study with so many answers, and as many completions with judgements on six scales."""
    rng = np.random.default_rng(1)
    models = [f"model-{k:02d}" for k in range(MODELS)]
    words = ["".join(rng.choice(SYLLABLES, 3)) + str(k) for k in range(WORDS)]
    file = {
        "name": "many answers",
        "models": [{"id": m, "base_url": "http://127.0.0.1:9/v1"} for m in models],
        "results": "results",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
    made = vl.Study.load(folder)
    of = [models[k % MODELS] for k in range(answers)]
    named = rng.integers(0, WORDS, (answers, 10))
    who = [f"{m}/t{k % 5}" for k, m in enumerate(of)]
    common: dict[str, Any] = {
        "model_id": of,
        "respondent_id": who,
        "sample_index": 0,
        "seed": range(answers),
        "status": "ok",
    }
    text = ["I value " + ", ".join(words[w] for w in row) + "." for row in named]
    responses = {"response_id": [f"r{k}" for k in range(answers)], "prompt_id": "p01", "temperature": 0.7, "top_p": 0.9}
    responses |= {
        "mode": "chat",
        "elicitation": "open",
        "language": "en",
        "order": 0,
        "text": text,
        "n_tokens_in": 9,
        "n_tokens_out": 40,
        "latency_s": 1.0,
    }
    ids = np.repeat(np.arange(answers), 10)
    candidates = {
        "response_id": [f"r{k}" for k in ids],
        "respondent_id": [who[k] for k in ids],
        "model_id": [of[k] for k in ids],
    }
    flat = [words[w] for w in named.ravel()]
    candidates |= {
        "position": np.tile(np.arange(10), answers),
        "raw": flat,
        "word": flat,
        "kept": True,
        "reason": "value",
    }
    lexicon = {"word": words, "variants": words, "n_responses": 50, "n_respondents": 40, "n_models": MODELS}
    items = {"item_id": [f"i{k}" for k in range(60)], "stem": [f"In case {k}, what matters is" for k in range(60)]}
    items |= {"dimension": "D", "subdimension": [f"S{k % 6}" for k in range(60)], "valence": "neutral", "form": "A"}
    completions = {
        "completion_id": [f"c{k}" for k in range(answers)],
        "item_id": [f"i{k % 60}" for k in range(answers)],
        "text": text,
    }
    judged = {"completion_id": [f"c{k}" for k in range(answers) for _ in range(6)], "judge_id": "embedded"}
    judged |= {
        "dimension": [f"S{k}" for _ in range(answers) for k in range(6)],
        "score": rng.uniform(0, 6, 6 * answers).round(2),
    }
    judged |= {"applicable": True, "rationale": "near an anchor of this level"}
    for name, columns in (
        ("responses", common | responses), ("words", candidates), ("lexicon", lexicon), ("instrument", items),
        ("completions", common | completions), ("judgements", judged),
    ):  # fmt: skip
        made.results.mkdir(exist_ok=True)
        every = [column.name for column in TABLES[name].columns]
        whole = pd.DataFrame(columns).reindex(columns=every).astype(object).where(lambda cells: cells.notna(), None)
        write(name, frame(name, whole.to_dict("records")), made.results)
    return made


def peer(texts: list[str]) -> str:
    """Every answer an element; the filter hides those that do not match."""
    items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
    script = (
        "const items = [...document.querySelectorAll('li')]; document.getElementById('look-text').addEventListener('input', "
        "(e) => { const wanted = e.target.value.toLowerCase(); "
        "for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted); });"
    )
    return f"<!doctype html><meta charset=utf-8><input id=look-text><ol>{items}</ol><script>{script}</script>"


def browser(profile: Path) -> Any:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(120)
    return driver


def measured(
    driver: Any, page: Path, fields: list[tuple[str, list[str]]]
) -> tuple[list[float], dict[str, list[float]]]:
    """First paint of several openings, and times of several filters, in milliseconds."""
    paints, times = [], {}
    for _ in range(5):
        driver.get(page.as_uri())
        driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )
        paints.append(float(driver.execute_script(PAINT)))
    for field, values in fields:
        times[field] = [float(driver.execute_async_script(FILTER, field, value)) for value in values]
    return paints, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--answers", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = study(Path(folder) / "study", asked.answers)
        page, plain = Path(folder) / "report.html", Path(folder) / "plain.html"
        page.write_text(render(made), encoding="utf-8")
        plain.write_text(peer(made.responses["text"].tolist()), encoding="utf-8")
        words = made.read("lexicon")["word"].tolist()[:REPEATS]
        models = [f"model-{k:02d}" for k in range(REPEATS)]
        driver = browser(Path(folder) / "profile")
        try:
            ours = measured(driver, page, [("look-text", words), ("look-word", words), ("look-model", models)])
            theirs = measured(driver, plain, [("look-text", words)])
        finally:
            driver.quit()
        print(
            f"{asked.answers} answers and as many completions, {page.stat().st_size / 1e6:.1f} MB; median (largest), ms\n"
        )
        print("| what | report | every answer an element | ratio |\n|---|---|---|---|")
        for name, a, b in (
            ("first paint", ours[0], theirs[0]), ("text filter", ours[1]["look-text"], theirs[1]["look-text"]),
            ("choose a word", ours[1]["look-word"], None), ("choose a model", ours[1]["look-model"], None),
        ):  # fmt: skip
            cells = [f"{statistics.median(x):.0f} ({max(x):.0f})" if x else "-" for x in (a, b)]
            ratio = f"{statistics.median(a) / statistics.median(b):.2f}" if b else "-"
            print(f"| {name} | {' | '.join(cells)} | {ratio} |")


if __name__ == "__main__":
    main()
