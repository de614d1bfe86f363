import numpy as np
import pytest

from valuelex.models import locate, registry
from valuelex.semantics.hidden.decoder import PER_LAYER, Decoder

WIDTH, INNER, HEADS, KV_HEADS, TOKENS = 64, 96, 4, 2, 50


def tiny(seed: int, layers: int = 3) -> Decoder:
    """Return a decoder of random weights."""
    rng = np.random.default_rng(seed)
    head = WIDTH // HEADS
    shapes = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (KV_HEADS * head, WIDTH),
        "attn_v": (KV_HEADS * head, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH),
        "ffn_up": (INNER, WIDTH),
        "ffn_down": (WIDTH, INNER),
    }

    def layer() -> dict[str, np.ndarray]:
        made = {name: rng.normal(0, shape[1] ** -0.5, shape).astype(np.float32) for name, shape in shapes.items()}
        made |= {name: rng.uniform(0.3, 3, WIDTH).astype(np.float32) for name in ("attn_norm", "ffn_norm")}
        return {name: made[name] for name in PER_LAYER}

    # Half precision, in which the graph keeps the words.
    words = rng.normal(0, 1, (TOKENS, WIDTH)).astype(np.float16).astype(np.float32)
    return Decoder(words, [layer() for _ in range(layers)], HEADS, KV_HEADS, 10_000.0, 1e-5, 0)


@pytest.fixture(scope="session")
def smollm2():
    """The packaged file of SmolLM2."""
    return locate(registry().model("smollm2-135m-instruct").artifact)
