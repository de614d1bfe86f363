"""One seed per study, spread over calls: a call's seed depends on what is asked, not on when."""

from __future__ import annotations

import hashlib

import numpy as np


def call_seed(seed: int, *parts: str | int) -> int:
    """Return a 31-bit seed for one call, spawned from `seed` by the call's place in the design.

    The parts (respondent, prompt, sample) are hashed into the spawn key of a numpy `SeedSequence`, so that adding a respondent
    or a prompt leaves the seeds of all others as they were.
    """
    digest = hashlib.sha256("\0".join(str(p) for p in parts).encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1)[0] >> 1)


def short_id(*parts: str | int) -> str:
    """Return a 16-digit id for one observation, from its place in the design."""
    return hashlib.sha256("\0".join(str(p) for p in parts).encode()).hexdigest()[:16]
