"""What the embedded judge is worth: labelled completions, opposite answers to one stem, and how fast it reads.

    python benchmarks/judging.py [--cases FILE] [--speed N]

Further: what empty answers get after each stem, how much length and form of an answer move its level.

FILE holds columns value, stem, completion, label (high or low): completions of models that somebody labelled, which do not
belong to the project. Nothing is fitted to them. Beside the judge stand yardsticks from the same session: the length of the
completion, the cosine to one definition per subdimension, the judge reading the stem alone, and the judge as it is without a
language model to read with.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

from valuelex.projective import AnchorScorer, open_reader
from valuelex.projective.manual import hand_written
from valuelex.projective.text import bare, in_plain_form, sentence, sentences, strip_echo
from valuelex.resources import find
from valuelex.semantics import Embedder
from valuelex.study.embedding import open_embedder

SETS = (
    "counter_completions.csv",
    "counter_completions_second.csv",
    "counter_completions_third.csv",
    "counter_completions_fourth.csv",
    "counter_completions_fifth.csv",
    "counter_completions_sixth.csv",
)
EMPTY = (
    "that is how it is.",
    "as it comes.",
    "and so on.",
    "is something I have thought about.",
    "I see.",
    "it is hard to say.",
)
"""Answers that say nothing: what a judge makes of them after a stem is the stem's."""
FORMS = {
    "no full stop": lambda text: text.rstrip("."),
    "exclamation mark": lambda text: text.rstrip(".") + "!",
    "three dots": lambda text: text.rstrip(".") + "...",
    "capitals": str.upper,
    "a capital first": lambda text: text[:1].upper() + text[1:],
    "bold": lambda text: f"**{text}**",
    "quoted": lambda text: f'"{text}"',
    "last two words cut off": lambda text: " ".join(text.split()[:-2]),
    "I hope this helps!": lambda text: f"{text}\n\nI hope this helps!",
}
"""The same answer, written otherwise."""
ORDINARY = (SETS[0], *SETS[2:5])
"""Those whose tone was not set against their stance."""
OTHER_NAMES = {"Self-Competence": "Self-Competent"}


def auc(score: np.ndarray, high: np.ndarray) -> float:
    """Chance that a high case has the higher score, ties counted half."""
    a, b = score[high], score[~high]
    return float((a[:, None] > b).mean() + (a[:, None] == b).mean() / 2)


def own_level(scorer: AnchorScorer, table: pd.DataFrame, texts: list[str], stems: list[str] | None) -> np.ndarray:
    """Level of each text on the scale that its row names."""
    level = scorer.score(texts, stems).level
    return level[np.arange(len(texts)), [scorer.scales.index(name) for name in table["scale"]]]


def cosines(table: pd.DataFrame, texts: list[str], embedder: Embedder) -> np.ndarray:
    """Cosine of each text to the definition of its scale."""
    definitions = {entry["subdimension"]: entry["definition"] for entry in hand_written()}
    vectors = embedder.encode([definitions[name] for name in table["scale"]])
    return (embedder.encode(texts) * vectors).sum(axis=1)


def cases(path: Path, scorer: AnchorScorer, plain: AnchorScorer, embedder: Embedder) -> pd.DataFrame:
    """AUC high against low, over all and within each subdimension, of judge and yardsticks."""
    table = pd.read_csv(path)
    table["scale"] = table["value"].replace(OTHER_NAMES)
    stems = [bare(stem) for stem in table["stem"]]
    answers = [strip_echo(stem, text) for stem, text in zip(stems, table["completion"], strict=True)]
    high = (table["label"] == "high").to_numpy()
    variants = {
        "embedded judge": own_level(scorer, table, answers, stems),
        "the same without a reader": own_level(plain, table, answers, stems),
        "embedded judge, stems not given": own_level(scorer, table, answers, None),
        "judge reading the stem alone": own_level(scorer, table, stems, None),
        "cosine to one definition": cosines(table, answers, embedder),
        "length of the completion": np.array([len(text) for text in answers], dtype=float),
    }
    rows = {}
    for name, score in variants.items():
        within = {
            s: auc(score[rows_of], high[rows_of]) for s in scorer.scales if (rows_of := table["scale"] == s).any()
        }
        rows[name] = {"pooled": auc(score, high), "lowest": min(within.values()), **within}
    return pd.DataFrame(rows).T


def counter(file: str, scorer: AnchorScorer, plain: AnchorScorer, embedder: Embedder) -> pd.DataFrame:
    """AUC and share of stems whose high answer scores above the low one, over all and by style."""
    table = pd.read_csv(find("reference", file)).rename(columns={"subdimension": "scale"})
    answers, stems = list(table["completion"]), list(table["stem"])
    high = (table["label"] == "high").to_numpy()
    variants = {
        "embedded judge": own_level(scorer, table, answers, stems),
        "the same without a reader": own_level(plain, table, answers, stems),
        "judge reading stem and answer as one": own_level(
            scorer, table, [sentence(s, a) for s, a in zip(stems, answers, strict=True)], None
        ),
        "judge reading the stem alone": own_level(scorer, table, stems, None),
        "cosine to one definition": cosines(table, answers, embedder),
        "length of the completion": np.array([len(text) for text in answers], dtype=float),
    }
    rows = {}
    for name, score in variants.items():
        wide = table.assign(score=score).pivot(index="stem_id", columns="label", values="score")
        styles = {s: auc(score[own], high[own]) for s in table["style"].unique() if (own := table["style"] == s).any()}
        rows[name] = {"AUC": auc(score, high), "pairs right": float((wide["high"] > wide["low"]).mean()), **styles}
    return pd.DataFrame(rows).T


def empty_answers(path: Path, scorer: AnchorScorer) -> pd.DataFrame:
    """What the stem alone moves: AUC of stems with high against stems with low completions, all of them answered emptily."""
    table = pd.read_csv(path).drop_duplicates("stem")
    table["scale"] = table["value"].replace(OTHER_NAMES)
    stems, high = [bare(stem) for stem in table["stem"]], (table["label"] == "high").to_numpy()
    rows = {}
    for text in EMPTY:
        level = own_level(scorer, table, [text] * len(table), stems)
        rows[text] = {"AUC": auc(level, high), "mean level": level.mean(), "SD": level.std()}
    return pd.DataFrame(rows).T


def forms(file: str, scorer: AnchorScorer) -> pd.DataFrame:
    """How much the form of an answer moves its level: AUC, mean shift of high and of low ones, correlation with what it was."""
    table = pd.read_csv(find("reference", file)).rename(columns={"subdimension": "scale"})
    stems, high = list(table["stem"]), (table["label"] == "high").to_numpy()
    before = own_level(scorer, table, list(table["completion"]), stems)
    rows = {}
    for name, form in FORMS.items():
        written = [strip_echo(stem, form(text)) for stem, text in zip(stems, table["completion"], strict=True)]
        level = own_level(scorer, table, written, stems)
        shift = level - before
        rows[name] = {"AUC": auc(level, high), "high moves": shift[high].mean(), "low moves": shift[~high].mean()}
        rows[name]["r"] = np.corrcoef(level, before)[0, 1]
    return pd.DataFrame(rows).T


def mixed(scorer: AnchorScorer, seed: int = 0) -> str:
    """Tell scales apart within a text: one sentence high on one scale, one low on another, in either order."""
    files = [find("reference", file) for file in ORDINARY]
    table = pd.concat([pd.read_csv(file) for file in files]).query("style != 'elaborate'")
    high, low = (
        table[table["label"] == label].sample(frac=1, random_state=seed + n) for n, label in enumerate(("high", "low"))
    )
    rng = random.Random(seed)
    texts, scales = [], []
    for one, other in zip(high.itertuples(), low.itertuples(), strict=True):
        if one.subdimension != other.subdimension:
            both = [in_plain_form(sentence(row.stem, row.completion)) for row in (one, other)]
            texts.append(" ".join(rng.sample(both, 2)))
            scales.append((one.subdimension, other.subdimension))
    level = scorer.score(texts).level
    first, second = (level[np.arange(len(texts)), [scorer.scales.index(pair[n]) for pair in scales]] for n in (0, 1))
    return (
        f"{len(texts)} texts, one sentence high on one scale, one low on another: right order {np.mean(first > second):.3f}, "
        f"{np.mean(first - second):.2f} points apart"
    )


def length_bias(file: str, scorer: AnchorScorer) -> str:
    """Points of level per doubling of the number of words, at the same label, with its standard error."""
    table = pd.read_csv(find("reference", file)).rename(columns={"subdimension": "scale"})
    level = own_level(scorer, table, list(table["completion"]), list(table["stem"]))
    words = np.log2(table["completion"].str.split().str.len())
    found = sm.OLS(level, np.column_stack([np.ones(len(level)), table["label"] == "high", words]).astype(float)).fit()
    return f"{found.params[2]:+.2f} (standard error {found.bse[2]:.2f}) points per doubling of length"


def speed(scorer: AnchorScorer, n: int, style: str) -> str:
    """Seconds for n completions, none of them read before: of every sentence two words are exchanged."""
    table = pd.read_csv(find("reference", "counter_completions_second.csv")).query("style == @style")
    words = sorted(set(re.findall("[a-z]+", " ".join(table["completion"]))))
    chance = random.SystemRandom()  # what an earlier run read is kept, and would cost nothing

    def varied(text: str) -> str:
        parts = text.split()
        for i in chance.sample(range(len(parts)), 2):
            parts[i] = chance.choice(words)
        return " ".join(parts)

    rows = [row for _ in range(-(-n // len(table))) for row in table.itertuples()][:n]
    texts = [" ".join(varied(part) for part in sentences(row.completion)) for row in rows]
    length = sum(len(text.split()) for text in texts) / n
    started = time.monotonic()
    scorer.score(texts, [row.stem for row in rows])
    return f"{n:,} completions of {length:.0f} words x {len(scorer.scales)} scales: {time.monotonic() - started:.0f} s"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--speed", type=int, default=0)
    chosen = parser.parse_args()
    embedder = open_embedder("all-minilm-l6-v2", print)
    manual = {"subdimensions": hand_written()}
    scorer, plain = AnchorScorer(manual, embedder, open_reader(print)), AnchorScorer(manual, embedder)
    with pd.option_context("display.width", 200, "display.max_columns", None, "display.float_format", "{:.3f}".format):
        if chosen.cases is not None:
            print("Labelled completions, AUC high against low", cases(chosen.cases, scorer, plain, embedder), sep="\n")
            print("\nTheir stems, answered emptily", empty_answers(chosen.cases, scorer), sep="\n")
        for file in SETS:
            print(f"\nOpposite answers to one stem, {file}", counter(file, scorer, plain, embedder), sep="\n")
            print(length_bias(file, scorer))
        print("\n" + mixed(scorer))
        print(f"\nThe same answers written otherwise, {SETS[2]}", forms(SETS[2], scorer), sep="\n")
    if chosen.speed:
        print()
        for style in ("terse", "plain", "elaborate"):
            print(speed(scorer, chosen.speed, style))


if __name__ == "__main__":
    main()
