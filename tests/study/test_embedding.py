"""How a study file names its embedding."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.semantics.stub_embeddings import stub_embeddings
from valuelex.errors import DataError, EndpointError, RegistryError, SettingError
from valuelex.study import Study
from valuelex.study.embedding import BOUGHT, DEFAULT, check_embedding, for_sentences, key_variable, open_embedder
from valuelex.study.pack import _of_the_results, _of_the_study


def silent(message: str) -> None:
    pass


def test_precomputed_vectors_lie_beside_the_study_and_are_read_anew(tmp_path: Path) -> None:
    table = pd.DataFrame({"word": ["honesty"], "a": [3.0], "b": [4.0]})
    table.to_csv(tmp_path / "v.csv", index=False)
    np.testing.assert_allclose(open_embedder("precomputed:v.csv", silent, tmp_path).encode(["honesty"]), [[0.6, 0.8]])
    table.assign(a=0.0).to_csv(tmp_path / "v.csv", index=False)
    np.testing.assert_allclose(open_embedder("precomputed:v.csv", silent, tmp_path).encode(["honesty"]), [[0, 1]])
    assert for_sentences("precomputed:v.csv") == "all-minilm-l6-v2"
    assert for_sentences("sentence-transformers:x") == "sentence-transformers:x"


def test_an_endpoint_is_named_by_address_model_and_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_EMBEDDING_KEY", "s3cret-key")
    with stub_embeddings(key="s3cret-key") as stub:
        name = f"endpoint:{stub.url}?model=stub&api_key_env=STUB_EMBEDDING_KEY"
        opened = open_embedder(name, silent, results=tmp_path)
        bought = opened.encode(["honesty"])
    assert bought.shape == (1, 5)
    assert (tmp_path / BOUGHT).is_file()
    assert "s3cret" not in opened.name
    assert opened.name.startswith("endpoint:stub at 127.0.0.1")


def test_a_replay_takes_what_was_bought_without_key_or_server_and_buys_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stub_embeddings() as stub:
        name = f"endpoint:{stub.url}?model=stub&api_key_env=STUB_EMBEDDING_KEY"
        monkeypatch.setenv("STUB_EMBEDDING_KEY", "s3cret-key")
        bought = open_embedder(name, silent, results=tmp_path).encode(["honesty"])
    monkeypatch.delenv("STUB_EMBEDDING_KEY")
    again = open_embedder(name, silent, results=tmp_path, replay=True)
    np.testing.assert_array_equal(again.encode(["honesty"]), bought)
    with pytest.raises(EndpointError, match="lacks 1 of 2 vectors .the first: 'love'"):
        again.encode(["honesty", "love"])


def test_a_packed_study_holds_its_vectors(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("word,a\nhonesty,1\n")
    (tmp_path / "study.yaml").write_text("name: s\nmodels: []\ntaxonomy: {embedding: 'precomputed:v.csv'}\n")
    study = Study.load(tmp_path)
    assert _of_the_study(study)["v.csv"] == tmp_path / "v.csv"
    study.results.mkdir()
    (study.results / BOUGHT).write_text("{}\n")
    assert f"results/{BOUGHT}" in _of_the_results(study)


def test_the_variable_of_the_key_is_known_as_a_secret() -> None:
    assert key_variable("endpoint:https://x.example/v1?model=m&api_key_env=MY_KEY") == "MY_KEY"
    assert key_variable("all-minilm-l6-v2") is None


def test_what_cannot_be_used_is_refused_before_anything_is_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    endpoint = "endpoint:http://127.0.0.1:9/v1?model=m&api_key_env=NO_SUCH_KEY"
    for name, error in (
        ("precomputed:none.csv", DataError),
        ("endpoint:http://127.0.0.1:9/v1", SettingError),
        ("endpoint:http://127.0.0.1:9/v1?model=m&key=secret", SettingError),
        ("endpoint:http://me:word@127.0.0.1:9/v1?model=m", SettingError),
        (endpoint, EndpointError),
        ("no-such-model", RegistryError),
    ):
        with pytest.raises(error):
            check_embedding(name, tmp_path)
    check_embedding(endpoint, tmp_path, key=False)
    with pytest.raises(SettingError) as told:
        check_embedding("endpoint:http://me:word@127.0.0.1:9/v1?model=m&key=secret", tmp_path)
    assert not {"word", "secret"} & set(re.split(r"\W+", told.value.what))
    check_embedding("all-minilm-l6-v2", tmp_path)


def test_a_process_opens_one_model_whoever_listens():
    def one(message: str) -> None: ...

    def other(message: str) -> None: ...

    assert open_embedder(DEFAULT, one) is open_embedder(DEFAULT, other)
