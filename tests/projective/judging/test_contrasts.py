"""The corpus of contrasts, all files."""

import pandas as pd
import pytest
import yaml

from valuelex.projective.judging.contrasts import all_contrasts, contrasts
from valuelex.projective.text import bare, sentence
from valuelex.resources import find

FILES = sorted(find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))
SETS = sorted(find("reference", "counter_completions.csv").parent.glob("counter_completions*.csv"))


@pytest.fixture(scope="module")
def entries():
    return [entry for path in FILES for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["contrasts"]]


def test_every_stem_is_answered_at_both_poles(entries):
    assert len(entries) > 1400
    for entry in entries:
        levels = set(entry["completions"])
        assert levels <= set(range(7)) and min(levels) < 3 < max(levels), entry["stem"]
        assert all(isinstance(text, str) and text.strip() for text in entry["completions"].values()), entry["stem"]


def test_no_stem_stands_twice(entries):
    stems = [bare(entry["stem"]).casefold() for entry in entries]
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize("weight", [(1, 0.3), (1,), (0.3,)], ids=["all", "ordinary", "others"])
def test_length_does_not_tell_the_level(weight):
    """Rank-biserial correlation of pole and words: small, so that nothing can be learnt from length."""
    words = pd.DataFrame(
        [(row.level > 3, len(row.text.split())) for row in all_contrasts() if row.level != 3 and row.weight in weight],
        columns=["high", "words"],
    )
    ranks = words["words"].rank()
    high, low = words["high"].sum(), (~words["high"]).sum()
    auc = (ranks[words["high"]].sum() - high * (high + 1) / 2) / (high * low)
    assert abs(2 * auc - 1) < 0.15


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_nothing_of_the_validation_sets_is_in_it(entries, path):
    table = pd.read_csv(path)
    known = {text for entry in entries for text in entry["completions"].values()}
    assert not known & set(table["completion"])
    assert not {bare(entry["stem"]).casefold() for entry in entries} & {bare(s).casefold() for s in table["stem"]}


def test_the_reader_learns_from_completions_and_their_stems(entries):
    learnt = all_contrasts()
    assert [(row.stem, row.text) for row in learnt] == [
        (bare(entry["stem"]), text) for entry in entries for text in entry["completions"].values()
    ]
    assert len({row.group for row in learnt}) == len(entries)
    assert contrasts()[0].text == sentence(learnt[-len(contrasts())].stem, learnt[-len(contrasts())].text)


def test_a_contrast_weighs_what_its_file_says():
    said = {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))["weight"] for path in FILES}
    assert set(said.values()) == {1, 0.3}
    assert {(row.group.split()[0], row.weight) for row in all_contrasts()} == set(said.items())
