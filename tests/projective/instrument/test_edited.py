"""instrument.yaml: written, edited by hand, read back."""

import pandas as pd
import pytest
import yaml

from valuelex.errors import StudyFileError
from valuelex.projective import InstrumentSettings, build
from valuelex.projective.instrument.edited import content_hash, load_edited, stamped
from valuelex.tables import digest_json, write


@pytest.fixture
def folder(published, tmp_path):
    [path] = write("manual", published["manual"], tmp_path)
    assert path.name == "instrument.yaml"
    return tmp_path


def edit(folder, change):
    path = folder / "instrument.yaml"
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))


def rebuilt(folder, embedder):
    return build({}, InstrumentSettings(file="instrument.yaml"), seed=1, embedder=embedder, folder=folder)


def test_the_file_as_it_was_written_gives_the_same_test(published, folder, real_embedder):
    made = rebuilt(folder, real_embedder)
    same = ["item_id", "stem", "dimension", "subdimension", "valence", "form", "source", "n_words", "readability"]
    pd.testing.assert_frame_equal(made["instrument"][same], published["instrument"][same])
    assert made["manual"]["sha256"] == published["manual"]["sha256"]
    assert "based_on" not in made["manual"]
    assert "stem_candidates" not in made and len(made["form_balance"])


def test_the_hash_is_of_the_content_alone(published):
    manual = published["manual"]
    assert content_hash(manual) == manual["sha256"]
    plain = {k: v for k, v in manual.items() if k != "sha256"}
    plain["subdimensions"] = [
        {**s, "anchors": {str(level): texts for level, texts in s["anchors"].items()}} for s in plain["subdimensions"]
    ]
    assert digest_json(plain) == manual["sha256"], "levels of anchors are texts in canonical JSON"
    assert content_hash(dict(reversed(manual.items()))) == manual["sha256"]
    assert stamped({**manual, "version": 2})["sha256"] != manual["sha256"]


def test_an_edit_is_seen_and_says_what_it_was_based_on(published, folder, real_embedder):
    def change(content):
        content["items"][0]["stem"] = "If nobody would ever know, I"
        content["subdimensions"][0]["anchors"][6].append("I would do it again for nothing.")
        content["version"] = 2

    edit(folder, change)
    made = rebuilt(folder, real_embedder)
    item = made["instrument"].iloc[0]
    assert (item["stem"], item["n_words"], item["person"]) == ("If nobody would ever know, I", 6, "first")
    assert made["manual"]["version"] == 2 and made["manual"]["based_on"] == published["manual"]["sha256"]
    assert made["manual"]["sha256"] != published["manual"]["sha256"]
    assert "I would do it again for nothing." in made["manual"]["subdimensions"][0]["anchors"][6]


def set_item(key, value):
    return lambda content: content["items"][1].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_item("subdimension", "Cleverness"), "which is not among the subdimensions"),
        (set_item("item_id", "i001"), "item_id i001 stands twice"),
        (set_item("valence", "gloomy"), "items.1.valence"),
        (set_item("form", "C"), "items.1.form"),
        (set_item("stem", "  ... "), "items.1.stem: a stem needs words"),
        (set_item("colour", "red"), "unknown key 'items.1.colour'"),
        (lambda c: c["items"][1].__setitem__("stem", c["items"][0]["stem"] + " ..."), "stands twice"),
        (lambda c: c["items"][1].pop("stem"), "key 'items.1.stem' is missing"),
        (lambda c: c.__setitem__("items", []), "items"),
        (lambda c: c.__setitem__("version", 0), "version"),
        (lambda c: c.__setitem__("version", "new"), "version"),
        (lambda c: c["subdimensions"][0].__setitem__("anchors", {3: ["x"]}), "levels"),
        (lambda c: c["subdimensions"][0].__setitem__("anchors", {"high": ["x"]}), "anchors"),
        (lambda c: c["subdimensions"][1].__setitem__("subdimension", "Self-Competent"), "stands twice"),
    ],
)
def test_a_wrong_edit_is_told_by_file_line_and_key(folder, change, said):
    edit(folder, change)
    with pytest.raises(StudyFileError, match="line [0-9]+") as error:
        load_edited(folder / "instrument.yaml")
    assert said in error.value.what and "instrument.yaml" in error.value.what and error.value.remedy


def test_the_line_is_that_of_the_key(folder):
    edit(folder, set_item("valence", "gloomy"))
    with pytest.raises(StudyFileError) as error:
        load_edited(folder / "instrument.yaml")
    line = int(error.value.what.split("line ")[1].split(":")[0])
    assert "gloomy" in (folder / "instrument.yaml").read_text().splitlines()[line - 1]


def test_a_file_that_is_not_there(tmp_path, fake_embedder):
    with pytest.raises(StudyFileError, match="does not exist"):
        rebuilt(tmp_path, fake_embedder)
