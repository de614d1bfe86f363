"""Measure the semantic tools: what they recover, and how long they take. docs/validation.md holds what this printed.

    python benchmarks/semantics.py [k] [clustering] [embedding] [anchors] [lexical] [values]

k: simulated mixtures with a known number of groups; the share of draws in which a rule finds it. clustering: 5,000 made-up
vectors of 384 dimensions. embedding: 5,000 made-up words with glosses through the default backend, cold and from the cache.
anchors: the published anchor words among all words of the value lexicon. lexical: 435 adjectives against people's loadings on
five factors, by embedding and by two packaged models' own log-probabilities (extra `transformers`; minutes the first time, then
from the ledger in the cache folder). values: value words inside one model against Schwartz's circle. The table of people's
loadings has no licence to be here: it is looked for in ../shared/data/lexical, or where $VALUELEX_ADJECTIVES says.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DRAWS = 20
SEED = 7


def mixture(rng: np.random.Generator, k: int, n: int, noise: float, d: int = 384) -> np.ndarray:
    """n unit vectors around k random centres that share a common direction, as embeddings do; groups of unequal size.

    `noise` is the length of a word's own part, that of its group's centre being one: at 1.2, 2.0 and 2.6 the mean
    cosine silhouette of six true groups is about .40, .15 and .08.
    """
    common = rng.normal(size=d) / np.sqrt(d)
    centres = common + rng.normal(size=(k, d)) / np.sqrt(d)
    share = rng.dirichlet(np.full(k, 8.0))
    group = rng.choice(k, n, p=share)
    # The spread of real embeddings lies in few directions: a word's own part lives in 40 of them.
    basis = np.linalg.qr(rng.normal(size=(d, 40)))[0]
    points = centres[group] + noise * rng.normal(size=(n, 40)) @ basis.T / np.sqrt(40)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def numbers() -> None:
    """Share of draws in which each criterion finds the number of groups, and its mean error."""
    from valuelex.semantics import choose_k, cluster

    rows = []
    for noise in (1.2, 2.0, 2.6):
        for n in (80, 200):
            hits: dict[str, list[int]] = {}
            for draw in range(DRAWS):
                rng = np.random.default_rng([SEED, draw, n, int(noise * 10)])
                k = int(rng.integers(4, 9))
                points = mixture(rng, k, n, noise)
                found = choose_k(points, range(2, 13), seed=draw, n_references=10, n_resamples=20, n_splits=5)
                preferred = found.preferred | {"auto (silhouette, 4 to 8)": cluster(points).n_clusters}
                for name, value in preferred.items():
                    hits.setdefault(name, []).append(value - k)
            for name, errors in hits.items():
                e = np.array(errors)
                rows.append(
                    {"noise": noise, "n": n, "rule": name, "right": (e == 0).mean(), "within 1": (abs(e) <= 1).mean(),
                     "mean error": e.mean()}
                )  # fmt: skip
    table = pd.DataFrame(rows)
    print(table.pivot_table(index="rule", columns=["noise", "n"], values="right").round(2).to_string())
    print(table.groupby("rule")[["right", "within 1", "mean error"]].mean().round(2).to_string())


def clustering(n: int = 5_000) -> None:
    """Seconds for `cluster` and 200 resamples of `stability`."""
    from valuelex.semantics import choose_k, cluster, resampling, stability

    points = mixture(np.random.default_rng(SEED), 6, n, 1.2)
    for method in ("agglomerative", "average", "kmeans", "communities", "hdbscan"):
        start = time.perf_counter()
        found = cluster(points, method=method)
        print(f"cluster {method:15s} n = {n}: {time.perf_counter() - start:6.1f} s, {found.n_clusters} clusters")
    start, busy = time.perf_counter(), time.process_time()
    values = stability(points, cluster(points), n_resamples=200, seed=SEED)
    took, used = time.perf_counter() - start, time.process_time() - busy
    print(f"stability, 200 resamples: {took:.1f} s (processor time {used:.1f} s), mean {np.nanmean(values):.3f}")
    print(resampling(n))
    start = time.perf_counter()
    choose_k(points, range(2, 11), seed=SEED)
    print(f"choose_k, 2 to 10: {time.perf_counter() - start:6.1f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


def embedding(n: int = 5_000) -> None:
    """Seconds to embed n words with glosses, cold and from the cache, and whether threads move a bit."""
    from valuelex.lexicon import load_lexicon
    from valuelex.models import embedding_files
    from valuelex.semantics import OnnxEmbedder

    lexicon = load_lexicon("values", Path())
    glossed = [f"{word}: {gloss}" for word, gloss in lexicon.glosses.items()]
    texts = [f"{glossed[i % len(glossed)]}, sense {i // len(glossed) + 1}" for i in range(n)]
    files = embedding_files("all-minilm-l6-v2")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "embeddings.sqlite"
        first: np.ndarray | None = None
        for label, threads in (("cold", None), ("from the cache", None)):
            embedder = OnnxEmbedder("all-minilm-l6-v2", **files, threads=threads, cache=cache)
            start, busy = time.perf_counter(), time.process_time()
            vectors = embedder.encode(texts)
            took, used = time.perf_counter() - start, time.process_time() - busy
            print(f"{n} texts, {embedder.threads} threads, {label}: {took:.1f} s (processor time {used:.1f} s)")
            same = first is None or np.array_equal(first, vectors)
            first = vectors
        alone = OnnxEmbedder("all-minilm-l6-v2", **files, threads=1).encode(texts[:200])
        print(f"equal to the last bit: from the cache {same}, on one thread {np.array_equal(alone, vectors[:200])}")
    print(f"load average {os.getloadavg()[0]:.1f}")


def anchors() -> None:
    """The table of docs/validation.md."""
    from valuelex.study.validation import anchor_agreement

    rows = [
        {"text": "word: gloss" if gloss else "word alone", "asked": k, **anchor_agreement(k, gloss=gloss)}
        for gloss in (True, False)
        for k in ("auto", 3, 6)
    ]
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def human_loadings() -> pd.DataFrame:
    """435 adjectives x five factors, from people's ratings."""
    from valuelex.study.validation import human_loadings as read

    return read(Path(os.environ.get("VALUELEX_ADJECTIVES", "../shared/data/lexical/adjectives435_human_loadings.csv")))


def halves(words: pd.Index) -> dict[str, pd.Index]:
    """The half on which frames were chosen, the half that was held out, and all."""
    order = np.random.default_rng(20260722).permutation(len(words))
    cut = (len(words) + 1) // 2
    return {
        "choosing half": words[np.sort(order[:cut])],
        "held-out half": words[np.sort(order[cut:])],
        "all words": words,
    }


def lexical(models: tuple[str, ...] = ("smollm2-135m-instruct", "gemma-3-270m")) -> None:
    """Congruence with people's five factors, by embedding and by each model's own log-probabilities."""
    from valuelex.models import Caller, Ledger, ModelSettings, cache_folder, embedding_files, registry, resolve
    from valuelex.semantics import ADJECTIVE_FRAMES, OnnxEmbedder, intrinsic_similarity
    from valuelex.taxonomy.intrinsic import ModelScorer, recovery, similarity_factors

    human = human_loadings()
    parts = halves(human.index)
    embedder = OnnxEmbedder("all-minilm-l6-v2", **embedding_files("all-minilm-l6-v2"))
    for form in ("{}", "a {} person"):
        for part, words in parts.items():
            vectors = embedder.encode([form.format(word) for word in words])
            similarity = pd.DataFrame(np.corrcoef(vectors - vectors.mean(axis=0)), index=words, columns=words)
            _show(
                f"embedding of '{form.format('kind')}'",
                part,
                recovery(similarity_factors(similarity, 5), human.loc[words]),
            )
    for model_id in models:
        entry = registry().model(model_id)
        assert entry is not None and entry.artifact is not None
        here = ModelSettings(
            id=model_id, huggingface=str(cache_folder()), gguf_file=entry.artifact.file, mode="completion"
        )
        ledger = Ledger(cache_folder() / "benchmarks" / f"lexical-{model_id}.jsonl")
        score = ModelScorer(Caller(ledger, concurrency=1), resolve(here))
        known = score.one_token(list(human.index))
        plain = [frame[0] for frame in ADJECTIVE_FRAMES]
        for label, frames in (("and - but", ADJECTIVE_FRAMES), ("and", plain)):
            for part, words in parts.items():
                vocabulary = [word for word in known if word in words]
                # Scored once for all words; a part takes its rows and columns.
                for kind, chosen in (("profiles", list(words)), ("pairs", vocabulary)):
                    similarity, details = intrinsic_similarity(
                        chosen,
                        _part_of(score, known),
                        frames=frames,
                        vocabulary=vocabulary if kind == "profiles" else None,
                        kind=kind,  # type: ignore[arg-type]
                    )
                    name = f"{model_id}, {label}, {kind}: {len(chosen)} words (agreement of frames {details.agreement:.2f})"
                    _show(name, part, recovery(similarity_factors(similarity, 5), human.loc[chosen]))


def values(model_id: str = "smollm2-135m-instruct", n: int = 150) -> None:
    """Similarity of value words inside a model, and by embedding, against their places on Schwartz's circle."""
    from valuelex.lexicon import load_crosswalk, load_lexicon, unasked
    from valuelex.models import Caller, Ledger, ModelSettings, cache_folder, embedding_files, resolve
    from valuelex.semantics import OnnxEmbedder
    from valuelex.taxonomy.correspondence import mantel
    from valuelex.taxonomy.intrinsic import read_profiles, split_half
    from valuelex.taxonomy.settings import IntrinsicSettings

    known = load_lexicon("values", Path())
    table = unasked(known, n, seed=SEED)
    words = table["word"].astype(str).tolist()
    ledger = Ledger(cache_folder() / "benchmarks" / f"values-{model_id}.jsonl")
    model = resolve(ModelSettings(id=model_id))
    profiles = read_profiles([model], words, list(known.glosses), IntrinsicSettings(), Caller(ledger))
    inside = np.corrcoef(profiles.data.to_numpy(), rowvar=False)
    embedder = OnnxEmbedder("all-minilm-l6-v2", **embedding_files("all-minilm-l6-v2"))
    vectors = embedder.encode([f"{w}: {known.glosses[w]}" for w in words])
    place = circle(load_crosswalk("crosswalk", Path()))
    at = [i for i, w in enumerate(words) if w in place]
    where = np.array([place[words[i]] for i in at])
    print(f"agreement of frames {profiles.details[model_id]['agreement']:.2f}, contexts {len(profiles.data)}")
    halves = split_half(profiles.data, profiles.contexts["continuation"], seed=SEED)
    print("split halves:", {k: round(v, 2) for k, v in halves.least.items()}, "factors", halves.n_factors)
    for name, similarity in (("log-probabilities", inside), ("embedding", vectors @ vectors.T)):
        found = mantel(similarity[np.ix_(at, at)], where @ where.T, seed=SEED)
        print(f"{name:20s} {len(at)} words: Mantel r = {found['value']:.3f}, p = {found['p']:.3f}")
    both = mantel(inside, vectors @ vectors.T, seed=SEED)
    print(f"the two with one another: r = {both['value']:.3f}, p = {both['p']:.3f}")


CIRCLE = ("self-direction", "stimulation", "hedonism", "achievement", "power", "security", "conformity", "tradition",
          "benevolence", "universalism")  # fmt: skip


def circle(crosswalk: pd.DataFrame) -> dict[str, np.ndarray]:
    """Word -> unit vector of its place on Schwartz's circle of ten values, evenly spaced; confidence .6 and more."""
    rows = crosswalk[(crosswalk["system"] == "schwartz") & (crosswalk["confidence"] >= 0.6)]
    out: dict[str, np.ndarray] = {}
    for word, group in rows.groupby("word"):
        angles = [2 * np.pi * CIRCLE.index(str(c).lower()) / len(CIRCLE) for c in group["category"]]
        total = np.array([np.cos(angles).sum(), np.sin(angles).sum()])
        if np.linalg.norm(total) > 1e-9:
            out[str(word)] = total / np.linalg.norm(total)
    return out


def _part_of(score: Any, known: list[str]) -> Any:
    def part(texts: list[str], vocabulary: list[str]) -> np.ndarray:
        return score(texts, known)[:, [known.index(word) for word in vocabulary]]

    return part


def _show(route: str, part: str, found: pd.DataFrame) -> None:
    columns = {
        "best": "best match",
        "factor": "which factor",
        "one_to_one": "one to one",
        "target_rotated": "target-rotated",
    }
    print(f"\n{route}: {part}")
    print(found.rename(columns=columns).round(2).T.to_string())


def main() -> None:
    jobs = {
        "k": numbers,
        "clustering": clustering,
        "embedding": embedding,
        "anchors": anchors,
        "lexical": lexical,
        "values": values,
    }
    for name in sys.argv[1:] or jobs:
        print(f"\n== {name}")
        jobs[name]()


if __name__ == "__main__":
    main()
