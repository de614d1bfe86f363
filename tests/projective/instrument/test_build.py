import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from valuelex.errors import BadInput, DataError
from valuelex.projective import InstrumentSettings, build
from valuelex.projective.instrument.fit import fit, margins
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
    if isinstance(taxonomy, str):
        settings, taxonomy = {**settings, "taxonomy": taxonomy}, {}
    return build(taxonomy, InstrumentSettings(**settings), seed=seed, embedder=embedder, folder=Path())


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


def test_one_form(real_embedder):
    assert set(make(real_embedder, forms=1)["instrument"]["form"]) == {"A"}


def test_forms_are_matched_on_every_scale(real_embedder):
    for stems in (10, 33, 60):
        table = make(real_embedder, stems=stems)["instrument"]
        counts = table.groupby(["dimension", "form"]).size().unstack(fill_value=0)
        assert (counts["A"] - counts["B"]).abs().max() <= 1


def test_scales_start_with_different_stem_templates(real_embedder):
    settings = InstrumentSettings(taxonomy="schwartz", stems=200)
    table = build({}, settings, seed=7, embedder=real_embedder, folder=Path())["instrument"]
    positive = table[(table["source"] == "template") & (table["valence"] == "positive")]
    # "Where power can be found, people": a single template must not stand for the valence.
    assert positive["stem"].str.startswith("Where ").mean() < 0.5


def test_no_dimensions(real_embedder):
    with pytest.raises(DataError, match="too few words"):
        make(
            real_embedder, taxonomy={"interpretable": False, "reasons": ["There are too few words."], "dimensions": []}
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


def test_a_generic_manual_names_its_scales_words(real_embedder):
    manual = make(real_embedder)["manual"]
    assert manual["name"] == "generic" and manual["embedding"] == "all-minilm-l6-v2"
    assert [e["subdimension"] for e in manual["subdimensions"]] == ["Warmth", "Skill", "Fairness"]
    assert any("justice" in text for text in manual["subdimensions"][2]["anchors"][6])


def test_published_homes_are_the_banks_own(published):
    homes = {stem["id"]: stem["home"] for stem in load_yaml(find("stems", "bank.yaml"))["stems"]}
    table = published["instrument"]
    assert all(homes[b] == s.lower() for b, s in zip(table["bank_id"], table["subdimension"], strict=True))


def test_own_taxonomy_gets_the_stems_that_fit(real_embedder):
    made = make(real_embedder, stems=24)
    table = made["instrument"]
    assert (table.groupby("dimension").size() == 8).all()
    assert table["subdimension"].isna().all()
    bank = {stem["id"]: stem["themes"] for stem in load_yaml(find("stems", "bank.yaml"))["stems"]}
    for dimension, word in (("Fairness", "justice"), ("Warmth", "kindness"), ("Skill", "accuracy")):
        own = table[(table["dimension"] == dimension) & (table["source"] == "bank")]
        assert sum(word in bank[b] for b in own["bank_id"]) >= len(own) / 4
    assert (table["margin"] >= 0.02).all() and (table["fit"] >= 0.5).all()


def test_fit_is_the_mean_over_themes_of_the_nearest_word(fake_embedder):
    scales = [Scale("A", "A", None, ("love", "order")), Scale("B", "B", None, ("zeal",))]
    got = fit([["love", "zeal"], ["order"]], scales, fake_embedder)
    np.testing.assert_allclose(got, [[0.5, 0.5], [1, 0]], atol=1e-4)
    np.testing.assert_allclose(margins(got, np.array([0, 0])), [0, 1], atol=1e-4)
    np.testing.assert_allclose(margins(got, np.array([1, 1])), [0, -1], atol=1e-4)
    assert np.isnan(margins(got[:, :1], np.array([0, 0]))).all()


@pytest.mark.parametrize("taxonomy", ["valuelex", "schwartz", "moral-foundations", "own"])
def test_two_forms_of_sixty_agree_in_every_property(real_embedder, taxonomy):
    """The number of the issue: less than a tenth of a standard deviation in whatever is balanced, one item in counts."""
    made = make(real_embedder, stems=120, taxonomy=OWN if taxonomy == "own" else taxonomy)
    found, table = made["form_balance"], made["instrument"]
    assert list(table["form"].value_counts()) == [60, 60]
    assert found.loc[found["kind"] == "mean", "standardised"].abs().max() < 0.1
    assert found.loc[found["kind"] == "mean", "standardised"].notna().all()
    assert found.loc[found["kind"] == "count", "difference"].abs().max() <= 1
    by_cell = table.groupby([table["subdimension"].fillna(table["dimension"]), "valence"]).size()
    assert by_cell.max() - by_cell.min() <= 1


def test_every_candidate_is_in_the_table_with_its_measures(real_embedder):
    made = make(real_embedder, stems=24)
    rows, items = made["stem_candidates"], made["instrument"]
    assert set(rows["verdict"]) == {"kept", "unused", "dropped"}
    assert len(rows) >= 288 and rows["candidate_id"].is_unique
    assert set(rows.loc[rows["verdict"] == "kept", "item_id"]) == set(items["item_id"])
    assert rows.loc[rows["verdict"] == "dropped", "reason"].notna().all()
    assert rows.loc[rows["verdict"] != "dropped", "reason"].isna().all()
    assert rows[["n_words", "readability", "fit", "margin"]].notna().all(axis=None)
    for item in items.itertuples():
        assert item.stem == rows.loc[rows["item_id"] == item.item_id, "stem"].item()


def test_empty_cells_are_filled_from_templates_without_repeats(real_embedder):
    taxonomy = {"dimensions": [{"name": "Economy", "words": ["thrift", "saving"]}, OWN["dimensions"][0]]}
    table = make(real_embedder, taxonomy=taxonomy, stems=80)["instrument"]
    templates = table[table["source"] == "template"]
    assert len(table) == 80 and len(templates) > 0
    assert templates["bank_id"].isna().all() and templates["person"].notna().all()
    assert table["stem"].str.casefold().is_unique
    assert not table["stem"].str.contains(r"[{}]").any()
    thrift = templates[templates["dimension"] == "Economy"]["stem"]
    assert thrift.str.contains("thrift|saving", case=False).all()


def test_more_stems_than_there_are(real_embedder):
    taxonomy = {"dimensions": [{"name": "Economy", "words": ["thrift"]}, {"name": "Tidiness", "words": ["order"]}]}
    with pytest.raises(DataError, match="Economy x positive lacks") as error:
        make(real_embedder, taxonomy=taxonomy, stems=500)
    advised = int(re.search(r"stems: (\d+)", error.value.remedy)[1])
    assert len(make(real_embedder, taxonomy=taxonomy, stems=advised)["instrument"]) == advised


def test_a_bank_of_ones_own_takes_the_place_of_the_packaged_one(real_embedder, tmp_path):
    texts = {
        "positive": ("Sun over an empty harbor", "The last apple on the tree"),
        "negative": ("A letter that never came", "Hail in the middle of harvest"),
        "neutral": ("Twelve chairs around a table", "Fog behind the railway bridge"),
        "trade-off": ("Between staying and leaving, one", "A ferry that carries goats or men"),
    }
    stems = [{"text": t, "valence": v, "themes": ["kindness"], "home": "warmth"} for v in texts for t in texts[v]]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"stems": stems}))
    taxonomy = {"dimensions": OWN["dimensions"][:1]}
    settings = InstrumentSettings(stems=8, bank="mine.yaml")
    made = build(taxonomy, settings, seed=1, embedder=real_embedder, folder=tmp_path)
    assert set(made["instrument"]["stem"]) == {stem["text"] for stem in stems}
    assert made["instrument"]["margin"].isna().all(), "there is no other scale"


def test_a_taxonomy_without_words(real_embedder):
    with pytest.raises(DataError, match="'Thrift' has no words"):
        make(real_embedder, taxonomy={"dimensions": [{"name": "Thrift", "words": []}]})


def test_the_seed_moves_the_order_and_the_forms_alone(real_embedder):
    first, again, other = (make(real_embedder, seed=s)["instrument"] for s in (1, 1, 2))
    assert first.equals(again)
    assert list(first["stem"]) != list(other["stem"])
    columns = ["stem", "dimension", "valence"]
    assert set(first[columns].itertuples(index=False, name=None)) == set(
        other[columns].itertuples(index=False, name=None)
    )
