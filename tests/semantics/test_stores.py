"""Vectors on disk: found again to the last bit, never served damaged, and what was bought is never bought again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.semantics.stub_embeddings import stub_embeddings, stub_vector
from valuelex.errors import EndpointError, ResultsFolderError
from valuelex.semantics import EndpointEmbedder, OnnxEmbedder
from valuelex.semantics.store import BoughtStore, LocalStore, identity

VECTORS = {"honesty": np.array([0.1, -2.0, 1 / 3]), "grace: ease\nof form": np.array([np.pi, 1e-300, 0.0])}


@pytest.mark.parametrize(("kind", "precision"), [(LocalStore, np.float32), (BoughtStore, np.float64)])
def test_what_was_written_is_read_to_the_last_bit_and_only_for_its_model(
    kind: type, precision: type, tmp_path: Path
) -> None:
    store = kind(tmp_path / "deep" / "store", "model a")
    assert store.read(["honesty"]) == {}
    store.write(VECTORS)
    found = kind(tmp_path / "deep" / "store", "model a").read([*VECTORS, "absent"])
    assert set(found) == set(VECTORS)
    for text, vector in VECTORS.items():
        np.testing.assert_array_equal(found[text], vector.astype(precision))
    assert kind(tmp_path / "deep" / "store", "model b").read(list(VECTORS)) == {}


def test_a_damaged_local_entry_is_absent_and_can_be_written_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "e.sqlite", "m")
    store.write(VECTORS)
    with closing(sqlite3.connect(tmp_path / "e.sqlite")) as file, file:
        file.execute("UPDATE vectors_32 SET vector = zeroblob(12)")
    assert store.read(list(VECTORS)) == {}
    store.write(VECTORS)
    assert len(store.read(list(VECTORS))) == 2


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    path.write_bytes(b"this is no database at all, and long enough to be seen as such" * 40)
    store = LocalStore(path, "m")
    assert store.read(["honesty"]) == {}
    assert path.with_suffix(".unreadable").is_file()
    store.write(VECTORS)
    assert len(store.read(list(VECTORS))) == 2


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = LocalStore(tmp_path / "file" / "e.sqlite", "m")
    store.write(VECTORS)
    assert store.read(list(VECTORS)) == {}
    with pytest.raises(ResultsFolderError):
        BoughtStore(tmp_path / "file" / "b.jsonl", "m").write(VECTORS)


def test_a_cut_off_line_costs_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "bought.jsonl"
    store = BoughtStore(path, "m")
    store.write(VECTORS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert list(store.read(list(VECTORS))) == ["honesty"]
    assert store.passed_over == 1
    store.write({"grace: ease\nof form": VECTORS["grace: ease\nof form"]})
    assert len(store.read(list(VECTORS))) == 2
    rows = [json.loads(line) for line in whole.decode().splitlines() if line]
    assert [row["text"] for row in rows] == list(VECTORS)


def test_a_changed_number_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "bought.jsonl"
    store = BoughtStore(path, "m")
    store.write({"a": np.array([1.0, 2.0])})
    row = json.loads(path.read_text())
    other = BoughtStore(tmp_path / "o.jsonl", "m")
    other.write({"a": np.array([1.0, 2.5])})
    row["vector"] = json.loads((tmp_path / "o.jsonl").read_text())["vector"]
    path.write_text(json.dumps(row))
    assert store.read(["a"]) == {}


def test_an_identity_is_that_of_content_not_of_names(tmp_path: Path) -> None:
    for name, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (tmp_path / name).write_bytes(content)
    assert identity(tmp_path / "a", "256") == identity(tmp_path / "b", "256")
    assert len({identity(tmp_path / "a", "256"), identity(tmp_path / "c", "256"), identity(tmp_path / "a", "8")}) == 3


def test_threads_and_the_cache_move_no_bit(embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from valuelex.models import embedding_files

    files = embedding_files("all-minilm-l6-v2")
    texts = [f"{word}, number {i}" for i in range(12) for word in ("honesty", "open-mindedness and the rest of it")]
    cached = OnnxEmbedder("m", **files, threads=3, cache=tmp_path / "e.sqlite")
    np.testing.assert_array_equal(cached.encode(texts), embedder.encode(texts))
    again = OnnxEmbedder("m", **files, cache=tmp_path / "e.sqlite")
    monkeypatch.setattr(again, "_encode", None)  # nothing is left to be computed
    np.testing.assert_array_equal(again.encode(texts), embedder.encode(texts))


def test_an_endpoint_is_asked_once_for_each_text(tmp_path: Path) -> None:
    texts = [f"word {i}" for i in range(70)]
    with stub_embeddings(key="s3cret-key") as stub:
        make = lambda: EndpointEmbedder(stub.url, "stub", store=tmp_path / "b.jsonl", api_key="s3cret-key")  # noqa: E731
        vectors = make().encode([*texts, "word 0"])
        assert [len(call) for call in stub.texts] == [64, 6]
        expected = np.array([stub_vector(t) for t in [*texts, "word 0"]])
        np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-12)
        np.testing.assert_array_equal(make().encode(texts), vectors[:-1])
        assert len(stub.texts) == 2
    assert "s3cret" not in (tmp_path / "b.jsonl").read_text()


def test_what_was_bought_before_a_failure_is_kept(tmp_path: Path) -> None:
    texts = [f"word {i}" for i in range(70)]
    with stub_embeddings(fail_from=1) as stub:
        with pytest.raises(EndpointError, match="answers 400 .*the stub fails as told"):
            EndpointEmbedder(stub.url, "stub", store=tmp_path / "b.jsonl").encode(texts)
        kept = EndpointEmbedder(stub.url, "stub", store=tmp_path / "b.jsonl").encode(texts[:64])
        assert kept.shape == (64, 5)
        assert len(stub.texts) == 1


def test_a_wrong_key_a_short_answer_and_a_silent_address_are_named(tmp_path: Path) -> None:
    with stub_embeddings(key="right-key") as stub:
        asked = EndpointEmbedder(stub.url, "m", store=tmp_path / "b", api_key="wrong-key", key_name="MY_KEY")
        with pytest.raises(EndpointError, match=r"refuses the key in \$MY_KEY") as caught:
            asked.encode(["a"])
        assert "wrong-key" not in str(caught.value)
    with (
        stub_embeddings(short=True) as stub,
        pytest.raises(EndpointError, match="does not answer with one vector per text"),
    ):
        EndpointEmbedder(stub.url, "m", store=tmp_path / "b").encode(["a", "b"])


def test_another_model_under_the_same_name_is_seen(tmp_path: Path) -> None:
    with stub_embeddings() as stub:
        first = EndpointEmbedder(stub.url, "m", store=tmp_path / "b.jsonl")
        first.encode(["a"])
        first._known["a"] = np.ones(4) / 2
        with pytest.raises(EndpointError, match=r"different lengths for 'm' \(\[4, 5\]\)"):
            first.encode(["a", "b"])
