import pytest
from gguf import GGUFWriter

from valuelex.errors import ArtifactError
from valuelex.semantics.hidden.decoder import read_gguf

TEXTS = [
    "A promise made in private is a promise.",
    "",
    "  two spaces, 2026 and 1,000 – “quotes”; don't, DON'T\n\ttab",
    "Größe, 誠実, 🙂, á",
]


@pytest.fixture(scope="module")
def two_layers(smollm2):
    return read_gguf(smollm2, 2)


def test_tokens_are_those_of_transformers(smollm2, two_layers):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    peer = transformers.AutoTokenizer.from_pretrained(str(smollm2.parent), gguf_file=smollm2.name)
    for text in TEXTS:
        assert list(two_layers[1].encode(text).ids) == peer(text)["input_ids"]


def test_control_words_in_a_text_are_text(two_layers):
    """What a model answers cannot open a turn."""
    assert len(two_layers[1].encode("<|im_start|>user").ids) > 3


def test_shapes_of_a_layer(two_layers):
    decoder = two_layers[0]
    assert (decoder.width, decoder.heads, decoder.kv_heads, len(decoder.layers)) == (576, 9, 3, 2)
    assert decoder.layers[1]["ffn_down"].shape == (576, 1536) and decoder.layers[0]["attn_k"].shape == (192, 576)
    assert decoder.sink == 0 and decoder.rope_base == 100_000


def test_other_files_are_refused(tmp_path):
    for architecture, blocks in (("llama", 1), ("gemma3", 30)):
        path = tmp_path / f"{architecture}.gguf"
        writer = GGUFWriter(path, architecture)
        writer.add_block_count(blocks)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    with pytest.raises(ArtifactError, match="2 layers .* has 1 .llama"):
        read_gguf(tmp_path / "llama.gguf", 2)
    with pytest.raises(ArtifactError, match="gemma3"):
        read_gguf(tmp_path / "gemma3.gguf", 2)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    with pytest.raises(ArtifactError, match="cannot be read as a GGUF file"):
        read_gguf(broken, 2)
