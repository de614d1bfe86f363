"""What the embedded judge is worth: labelled completions, opposite answers to one stem, and how fast it reads.

    python benchmarks/judging.py [--cases FILE] [--speed N]

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

from valuelex.projective import AnchorScorer, open_reader
from valuelex.projective.manual import hand_written
from valuelex.projective.text import bare, sentence, sentences, strip_echo
from valuelex.resources import find
from valuelex.semantics import Embedder
from valuelex.study.embedding import open_embedder

SETS = (
    "counter_completions.csv",
    "counter_completions_second.csv",
    "counter_completions_third.csv",
    "counter_completions_fourth.csv",
)
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
        for file in SETS:
            print(f"\nOpposite answers to one stem, {file}", counter(file, scorer, plain, embedder), sep="\n")
    if chosen.speed:
        print()
        for style in ("plain", "elaborate"):
            print(speed(scorer, chosen.speed, style))


if __name__ == "__main__":
    main()
