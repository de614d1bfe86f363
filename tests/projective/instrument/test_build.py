import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from valuelex.errors import BadInput, DataError
from valuelex.projective import InstrumentSettings, build
from valuelex.projective.instrument.build import fit, quotas
from valuelex.projective.scales import Scale
from valuelex.resources import find
from valuelex.tables import load_yaml, write

OWN = {
    "interpretable": True,
    "reasons": [],
    "dimensions": [
        {"name": "Warmth", "words": ["kindness", "empathy", "friendliness"], "subdimensions": []},
        {"name": "Skill", "words": ["accuracy", "knowledge", "mastery"], "subdimensions": []},
        {"name": "Fairness", "words": ["justice", "impartiality"], "subdimensions": []},
    ],
}


def make(embedder, *, taxonomy=OWN, seed=7, **settings):
    return build(taxonomy, InstrumentSettings(**settings), seed=seed, embedder=embedder, folder=Path())


@pytest.mark.parametrize(("scales", "stems"), [(6, 60), (3, 60), (10, 60), (1, 5), (5, 7), (7, 100), (2, 1)])
def test_quotas_are_as_even_as_can_be(scales, stems):
    cells = quotas(scales, stems)
    assert sum(cells.values()) == stems
    by_scale = [sum(n for (s, _), n in cells.items() if s == i) for i in range(scales)]
    by_valence = [sum(n for (_, v), n in cells.items() if v == i) for i in range(4)]
    for counts in (list(cells.values()), by_scale, by_valence):
        assert max(counts) - min(counts) <= 1


def test_the_published_test_is_balanced_and_all_from_the_bank(published):
    table = published["instrument"]
    assert len(table) == 60 and (table["source"] == "bank").all()
    assert list(table["item_id"]) == [f"i{n:03d}" for n in range(1, 61)]
    assert table["stem"].str.casefold().is_unique
    counts = table.groupby(["subdimension", "valence"]).size()
    assert set(counts) == {2, 3} and len(counts) == 24
    assert (table.groupby(["subdimension", "form"]).size() == 5).all()
    by_form = table.groupby(["valence", "form"]).size().unstack()
    assert (by_form["A"] - by_form["B"]).abs().max() <= 1


def test_published_homes_are_the_banks_own(published):
    homes = {stem["id"]: stem["home"] for stem in load_yaml(find("stems", "bank.yaml"))["stems"]}
    table = published["instrument"]
    assert all(homes[b] == s.lower() for b, s in zip(table["bank_id"], table["subdimension"], strict=True))


def test_own_taxonomy_gets_the_stems_that_fit(real_embedder):
    table = make(real_embedder, stems=24)["instrument"]
    assert (table.groupby("dimension").size() == 8).all()
    assert table["subdimension"].isna().all()
    bank = {stem["id"]: stem["themes"] for stem in load_yaml(find("stems", "bank.yaml"))["stems"]}
    themes = {
        t
        for b, d in zip(table["bank_id"].dropna(), table["dimension"], strict=False)
        if d == "Fairness"
        for t in bank[b]
    }
    assert themes & {"justice", "impartiality", "unbiasedness", "fairness"}


def test_fit_is_the_mean_over_themes_of_the_nearest_word(fake_embedder):
    scales = [Scale("A", "A", None, ("love", "order")), Scale("B", "B", None, ("zeal",))]
    got = fit([{"themes": ["love", "zeal"]}, {"themes": ["order"]}], scales, fake_embedder)
    np.testing.assert_allclose(got, [[0.5, 0.5], [1, 0]], atol=1e-4)


def test_empty_cells_are_filled_from_templates_without_repeats(real_embedder):
    taxonomy = {"dimensions": [{"name": "Thrift", "words": ["thrift", "saving"]}, OWN["dimensions"][0]]}
    table = make(real_embedder, taxonomy=taxonomy, stems=140)["instrument"]
    templates = table[table["source"] == "template"]
    assert len(table) == 140 and len(templates) > 0
    assert templates["bank_id"].isna().all()
    assert table["stem"].str.casefold().is_unique
    assert not table["stem"].str.contains(r"[{}]").any()
    thrift = templates[templates["dimension"] == "Thrift"]["stem"]
    assert thrift.str.contains("thrift|saving", case=False).all()


def test_more_stems_than_there_are(fake_embedder):
    taxonomy = {"dimensions": [{"name": "Thrift", "words": ["thrift"]}, {"name": "Order", "words": ["order"]}]}
    with pytest.raises(DataError, match="without repeating one") as error:
        make(fake_embedder, taxonomy=taxonomy, stems=500)
    advised = int(re.search(r"stems: (\d+)", error.value.remedy)[1])
    assert len(make(fake_embedder, taxonomy=taxonomy, stems=advised)["instrument"]) == advised


def test_the_seed_moves_the_order_alone(fake_embedder):
    first, again, other = (make(fake_embedder, seed=s)["instrument"] for s in (1, 1, 2))
    assert first.equals(again)
    assert list(first["stem"]) != list(other["stem"])
    columns = ["stem", "dimension", "valence", "form"]
    assert set(first[columns].itertuples(index=False, name=None)) == set(
        other[columns].itertuples(index=False, name=None)
    )


def test_one_form(fake_embedder):
    assert set(make(fake_embedder, forms=1)["instrument"]["form"]) == {"A"}


def test_forms_are_matched_on_every_scale(fake_embedder):
    for stems in (10, 33, 60):
        table = make(fake_embedder, stems=stems)["instrument"]
        counts = table.groupby(["dimension", "form"]).size().unstack(fill_value=0)
        assert (counts["A"] - counts["B"]).abs().max() <= 1


def test_scales_start_with_different_stem_templates(fake_embedder):
    settings = InstrumentSettings(taxonomy="schwartz", stems=200)
    table = build({}, settings, seed=7, embedder=fake_embedder, folder=Path())["instrument"]
    positive = table[(table["source"] == "template") & (table["valence"] == "positive")]
    # "Where power can be found, people": a single template must not stand for the valence.
    assert positive["stem"].str.startswith("Where ").mean() < 0.5


def test_no_dimensions(fake_embedder):
    with pytest.raises(DataError, match="too few words"):
        make(
            fake_embedder, taxonomy={"interpretable": False, "reasons": ["There are too few words."], "dimensions": []}
        )


def test_unknown_taxonomy(fake_embedder):
    with pytest.raises(BadInput):
        build({}, InstrumentSettings(taxonomy="nonsense"), seed=1, embedder=fake_embedder, folder=Path())


def test_the_manual_can_be_written_and_used_by_a_person(published, tmp_path):
    manual = published["manual"]
    [path] = write("manual", manual, tmp_path)
    assert yaml.safe_load(path.read_text()) == manual
    assert path.name == "instrument.yaml"
    assert manual["scale"] == {"min": 0, "max": 6, "indifferent": 3}
    assert len(manual["items"]) == 60 and len(manual["subdimensions"]) == 6
    for entry in manual["subdimensions"]:
        assert all(entry["anchors"][level] for level in range(7))
        assert entry["not_applicable"] and entry["definition"] and entry["polarity"]


def test_a_generic_manual_names_its_scales_words(fake_embedder):
    manual = make(fake_embedder)["manual"]
    assert manual["name"] == "generic" and manual["embedding"] == "hashed-words-fake"
    assert [e["subdimension"] for e in manual["subdimensions"]] == ["Warmth", "Skill", "Fairness"]
    assert any("justice" in text for text in manual["subdimensions"][2]["anchors"][6])
