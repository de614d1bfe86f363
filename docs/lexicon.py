"""Measure the filters of the lexicon and the crosswalk by embedding; write the tables into docs/method.md, between two marks.

    python docs/lexicon.py            print the tables (about a minute)
    python docs/lexicon.py --write    put them into the page

Judges of "is it a value?" are scored on instruments/lexicon/labelled.csv. Where the value words of DailyDilemmas (CC BY 4.0)
and the 435 personality adjectives lie in ../shared/data/lexical, outside the project, these are scored too. A labelled word is
never an anchor of the classifier that judges it: before fitting, every labelled word, the word type it belongs to, and the
members of its derivational family are taken out of both lists of anchors.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from valuelex.lexicon import LexiconSettings, ValueLexicon, load_crosswalk, load_lexicon
from valuelex.lexicon.classifier import COST, FOLD_SEED, FOLDS, ValueClassifier, fit
from valuelex.lexicon.crosswalk import leave_one_out
from valuelex.lexicon.families import bases, nouns
from valuelex.resources import instruments
from valuelex.semantics import Embedder

PAGE = Path(__file__).parent / "method.md"
OUTSIDE = Path(__file__).parents[2] / "shared" / "data" / "lexical"
MARKS = ("<!-- lexicon figures: made by docs/lexicon.py -->", "<!-- /lexicon figures -->")
JUDGES = ("lexicon", "embedding", "either", "both")


def family(word: str, lexicon: ValueLexicon) -> set[str]:
    """The word, its word type, and every word that a rule makes of it."""
    found = {word, lexicon.look_up(word) or word, *bases(word), *nouns(word, loose=True)}
    return found | {noun for base in bases(word) for noun in nouns(base, loose=True)}


def held_out(words: Sequence[str], lexicon: ValueLexicon, embedder: Embedder) -> ValueClassifier:
    """The classifier as studies use it, fitted without any relative of the words."""
    away = set().union(*(family(word, lexicon) for word in words))
    kept = [{w for w in side if not family(w, lexicon) & away} for side in (set(lexicon.glosses), lexicon.non_values)]
    values, others = (tuple(sorted(side)) for side in (kept[0], kept[1] - kept[0]))
    found = fit(values, others, embedder, false_positives=LexiconSettings().false_positives)
    assert found is not None
    return found


def wilson(k: int, n: int) -> str:
    """A share with its 95 % interval, two decimals."""
    if not n:
        return "-"
    z, p = 1.959964, k / n
    middle, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)),
    )
    return f"{p:.2f} [{max(middle - half, 0):.2f}, {min(middle + half, 1):.2f}]"


def said(words: Sequence[str], lexicon: ValueLexicon, classifier: ValueClassifier) -> pd.DataFrame:
    """What each judge, and the two together, say of each word."""
    out = pd.DataFrame(index=range(len(words)))
    out["lexicon"] = [lexicon.look_up(word) is not None for word in words]
    out["embedding"] = classifier.score(words) > classifier.threshold
    out["either"], out["both"] = out.lexicon | out.embedding, out.lexicon & out.embedding
    return out


def figures(verdicts: pd.DataFrame, truth: np.ndarray) -> list[tuple[str, str, str]]:
    """Per judge: precision and recall with intervals."""
    out = []
    for name in JUDGES:
        yes = verdicts[name].to_numpy()
        hit = int(np.sum(yes & truth))
        out.append((name, wilson(hit, int(yes.sum())), wilson(hit, int(truth.sum()))))
    return out


def labelled_part(lexicon: ValueLexicon, embedder: Embedder) -> list[str]:
    """Tables on the labelled set."""
    rows = pd.read_csv(instruments() / "lexicon" / "labelled.csv")
    classifier = held_out(rows["word"].tolist(), lexicon, embedder)
    verdicts = said(rows["word"].tolist(), lexicon, classifier)
    clear = (rows["label"] != "borderline").to_numpy()
    value = (rows["label"] == "value").to_numpy()
    counts = rows["label"].value_counts()
    n_values = len(classifier.values)
    lines = [
        f"*Labelled words.* {len(rows)} words: {counts['value']} values, {counts['no value']} that are none, "
        f"{counts['borderline']} borderline cases, which are left out of precision and recall. {n_values} values and "
        f"{len(classifier.anchors) - n_values} non-values remained as anchors; out of fold they gave an area under the curve "
        f"of {classifier.auc:.3f} and a recall of {classifier.recall:.2f} at the default threshold.",
        "",
        "| judge | precision | recall | precision, words of the demo's answers | recall, the same |",
        "|---|---|---|---|---|",
    ]
    demo = (rows["stratum"] == "demo").to_numpy()
    all_, part = (figures(verdicts[use], value[use]) for use in (clear, clear & demo))
    lines += [f"| {a[0]} | {a[1]} | {a[2]} | {b[1]} | {b[2]} |" for a, b in zip(all_, part, strict=True)]
    lines += ["", "| stratum | label | words | lexicon says value | embedding says value |", "|---|---|---:|---|---|"]
    for (stratum, label), group in rows.groupby(["stratum", "label"], sort=True):
        mine = verdicts.loc[group.index]
        cells = [wilson(int(mine[name].sum()), len(mine)) for name in ("lexicon", "embedding")]
        lines.append(f"| {stratum} | {label} | {len(group)} | {cells[0]} | {cells[1]} |")
    return [*lines, ""]


def outside_part(lexicon: ValueLexicon, embedder: Embedder) -> list[str]:
    """Tables on the two lists from outside the project; a line that says so where they are absent."""
    if not OUTSIDE.is_dir():
        return ["*Words from outside the project* were not there when this page was made.", ""]
    words = pd.read_csv(OUTSIDE / "daily_dilemmas_values.csv")["value"].str.lower().tolist()
    verdicts = said(words, lexicon, held_out(words, lexicon, embedder))
    adjectives = pd.read_csv(OUTSIDE / "adjectives435_human_loadings.csv")
    plain = adjectives["word"].str.lower().tolist()
    traits = said(plain, lexicon, held_out(plain, lexicon, embedder))
    lines = [
        f"*DailyDilemmas*: {len(words)} words and phrases that its authors tagged as values, emotions and states among them "
        '("betrayal", "girlfriend"), so recall cannot reach 1. Phrases count as found where they stand in the lexicon, or '
        "where the classifier takes them; in a study phrases outside the lexicon are set aside. The list was in view while the "
        "lexicon was written, so the figure of the lexicon is not that of a blind test.",
        "",
        f"*{len(plain)} personality adjectives* with human five-factor loadings, not labelled. A value should be a trait that "
        "is approved of: of the two halves by the sum of loadings, Neuroticism reversed, the upper should be taken more often.",
        "",
        "| judge | DailyDilemmas: recall | adjectives, upper half taken | adjectives, lower half taken |",
        "|---|---|---|---|",
    ]
    loadings = adjectives.drop(columns="word")
    approved = (loadings.sum(axis=1) - 2 * loadings["Neuroticism"]).rank(method="first") > len(plain) / 2
    for name in JUDGES:
        high, low = (traits[name][approved == side] for side in (True, False))
        cells = [wilson(int(x.sum()), len(x)) for x in (verdicts[name], high, low)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {cells[2]} |")
    return [*lines, ""]


def choice_part(lexicon: ValueLexicon, embedder: Embedder) -> list[str]:
    """Classifiers compared out of fold, on all anchors."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.svm import SVC

    values, others = sorted(lexicon.glosses), sorted(lexicon.non_values - set(lexicon.glosses))
    truth = np.repeat([1, 0], [len(values), len(others)])
    alone = embedder.encode([*values, *others])
    glossed = np.vstack([embedder.encode([f"{w}: {lexicon.glosses[w]}" for w in values]), alone[len(values) :]])
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=FOLD_SEED)
    share = LexiconSettings().false_positives

    def row(name: str, scores: np.ndarray) -> str:
        threshold = np.quantile(scores[truth == 0], 1 - share, method="higher")
        return f"| {name} | {roc_auc_score(truth, scores):.3f} | {np.mean(scores[truth == 1] > threshold):.2f} |"

    cosine = alone @ alone.T
    np.fill_diagonal(cosine, -1)
    nearest = [np.sort(cosine[:, truth == side], axis=1)[:, -3:].mean(axis=1) for side in (1, 0)]
    lines = [
        f"*Choice of the classifier*: {len(values)} values, {len(others)} non-values, {FOLDS} folds. Recall is that at "
        f"{share:.0%} of the non-values let through.",
        "",
        "| classifier | area under the curve | recall |",
        "|---|---:|---:|",
        row("margin of the three nearest anchors, each left out (the earlier rule)", nearest[0] - nearest[1]),
    ]
    machines = {
        "logistic regression, C = 10": LogisticRegression(C=10, class_weight="balanced", max_iter=3000),
        "linear discriminant, shrunken covariance": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        "support vectors, C = 1": SVC(C=1, class_weight="balanced"),
        f"support vectors, C = {COST:.0f} (the one that is used)": SVC(C=COST, class_weight="balanced"),
    }
    for name, machine in machines.items():
        lines.append(row(name, cross_val_predict(machine, alone, truth, cv=split, method="decision_function")))
    scores = np.empty(truth.size)
    for fitted, tested in split.split(alone, truth):  # words come without a gloss, whatever the anchors have
        machine = SVC(C=COST, class_weight="balanced").fit(glossed[fitted], truth[fitted])
        scores[tested] = machine.decision_function(alone[tested])
    lines.append(row(f'support vectors, C = {COST:.0f}, values fitted as "word: gloss"', scores))
    return [*lines, ""]


def crosswalk_part(lexicon: ValueLexicon, embedder: Embedder) -> list[str]:
    """Leave-one-out figures of the mapping by embedding."""
    found = leave_one_out(load_crosswalk("crosswalk", Path()), lexicon, embedder)
    bands = [name for name in found["band"].unique() if name != "all"]
    wide = found.set_index(["system", "band"])
    lines = [
        "*Crosswalk by embedding*: every word of the lexicon in turn mapped by the others; the share of given categories that "
        "it has by hand.",
        "",
        f"| system | likeliest category is one of its own | all given | {' | '.join(f'confidence {band}' for band in bands)} |",
        f"|---|---:|---|{'---|' * len(bands)}",
    ]
    for system in found["system"].unique():
        cells = [
            wilson(*(int(x) for x in wide.loc[(system, band), ["n_right", "n_named"]])) for band in ("all", *bands)
        ]
        lines.append(f"| {system} | {wide.loc[(system, 'all'), 'first_right']:.2f} | {' | '.join(cells)} |")
    return [*lines, ""]


def section() -> str:
    """All tables as Markdown."""
    from valuelex.study.embedding import open_embedder

    lexicon = load_lexicon("values", Path())
    embedder = open_embedder("all-minilm-l6-v2", print)
    parts = (labelled_part, outside_part, choice_part, crosswalk_part)
    return "\n".join(line for part in parts for line in part(lexicon, embedder)).strip()


def main() -> None:
    """Print or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/method.md")
    made = section()
    if not parser.parse_args().write:
        print(made)
        return
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{made}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
