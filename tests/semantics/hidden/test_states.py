import shutil

import numpy as np
import pytest

from valuelex.errors import ArtifactError
from valuelex.semantics.hidden import HiddenStateEmbedder

SAMPLES = [
    "I keep my word.",
    "Nobody will notice, so I leave it.",
    "The weather is mild today.",
    "We share what we have.",
]
OF = {"samples": lambda: SAMPLES, "samples_key": "four"}
TEXTS = [
    "Honesty matters to me.",
    "Honesty bores me.",
    "I help whoever asks.",
    "No.",
    "",
    "word " * 900,
    "誠実 🙂",
    "\ud800",
    "\x06\x13",  # bytes that the vocabulary lacks
    "I keep my word.",
    "I drop my word.",
    "I sell my word.",
]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="module")
def embedder(smollm2, graphs):
    return HiddenStateEmbedder("two layers", model=smollm2, layers=2, **OF, folder=graphs)


def test_rows_have_length_one_and_their_texts_order(embedder):
    found = embedder.encode(TEXTS)
    assert found.shape == (len(TEXTS), 2 * 576)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    np.testing.assert_array_equal(embedder.encode(TEXTS[::-1]), found[::-1])
    assert embedder.encode([]).shape == (0, 0)


def test_company_moves_no_bit_of_a_vector(embedder):
    alone = np.vstack([embedder._encode([text])[0] for text in TEXTS])  # encode would remember them
    np.testing.assert_array_equal(np.vstack(embedder._encode(TEXTS)), alone)


def test_the_graph_is_built_once_and_a_broken_one_is_named(embedder, graphs, smollm2, tmp_path):
    (built,) = graphs.glob("*.onnx")
    for path in graphs.iterdir():
        shutil.copy(path, tmp_path)
    file = tmp_path / built.name
    changed = file.stat().st_mtime_ns

    def make():
        return HiddenStateEmbedder("x", model=smollm2, layers=2, **OF, folder=tmp_path)

    np.testing.assert_array_equal(make().encode(TEXTS[:2]), embedder.encode(TEXTS[:2]))
    assert file.stat().st_mtime_ns == changed
    file.write_bytes(b"no graph")
    with pytest.raises(ArtifactError, match="builds them anew"):
        make()


def test_vectors_are_kept(embedder, graphs, smollm2, tmp_path):
    def make():
        return HiddenStateEmbedder(
            "x",
            model=smollm2,
            layers=2,
            samples=lambda: SAMPLES,
            samples_key="four",
            folder=graphs,
            cache=tmp_path / "vectors.sqlite",
        )

    first = make().encode(TEXTS[:3])
    again = make()
    again._encode = None  # whatever is not kept fails
    np.testing.assert_array_equal(again.encode(TEXTS[:3]), first)
