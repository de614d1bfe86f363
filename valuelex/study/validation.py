"""The figures of docs/validation.md that need more than one room, recomputed: `valuelex verify --full`.

Known dimensions in simulated populations (`taxonomy.validation`), published anchor words among all value words, and people's
five factors of personality in a language model's own log-probabilities.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from valuelex.errors import BadInput, ValuelexError
from valuelex.lexicon import load_lexicon
from valuelex.models import Caller, Ledger, ModelSettings, embedding_files, resolve
from valuelex.resources import find
from valuelex.semantics import ADJECTIVE_FRAMES, Embedder, OnnxEmbedder, cluster, intrinsic_similarity
from valuelex.tables import load_yaml, read_frame
from valuelex.taxonomy.intrinsic import ModelScorer, recovery, similarity_factors
from valuelex.taxonomy.validation import DRAWS, validate

RELABELINGS = 1_000
SEED = 7

ADJECTIVES = "VALUELEX_ADJECTIVES"
"""Environment variable with the place of people's loadings, which have no licence to be here."""

FACTORS, CONGRUENT, LEAST_CONGRUENT = 5, 0.60, 2
"""Components of the similarities; at least so many human factors must be matched by a congruence of .60."""

EMBEDDING = "all-minilm-l6-v2"
READ_MODEL = "smollm2-135m-instruct"


class Recomputed(Protocol):
    """A section of docs/validation.md, made anew."""

    @property
    def passed(self) -> bool:
        """Whether every floor was reached."""

    def summary(self) -> str:
        """As text."""

    def to_markdown(self) -> str:
        """The section."""


@dataclass(frozen=True, eq=False)
class Figures:
    """One section: how it was made, a table, and the floors.

    Attributes
    ----------
    title, text : str
    table : DataFrame
    checks : DataFrame
        what, figure, floor, ok; empty where nothing could be computed, and `text` says why.
    """

    title: str
    text: str
    table: pd.DataFrame
    checks: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether every floor was reached; what could not be computed misses none."""
        return bool(self.checks["ok"].all()) if len(self.checks) else True

    def summary(self) -> str:
        """Title, text and both tables."""
        parts = [f"{self.title}. {self.text}"]
        parts += [t.round(3).to_string(index=False) for t in (self.table, self.checks) if len(t)]
        return "\n\n".join(parts)

    def to_markdown(self) -> str:
        """The section of docs/validation.md."""
        lines = [f"## {self.title}", "", self.text]
        for table in (self.table, self.checks):
            if len(table):
                lines += ["", "| " + " | ".join(table.columns) + " |", "|" + "---|" * table.shape[1]]
                lines += [
                    "| " + " | ".join(_cell(value) for value in row) + " |" for row in table.to_numpy(dtype=object)
                ]
        return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "**no**"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def validate_all(
    draws: int | None = None, *, adjectives: Path | None = None, tell: Callable[[str], None] = lambda said: None
) -> list[Recomputed]:
    """Recompute every section.

    Parameters
    ----------
    draws : int, optional
        Simulated populations of each setting.
    adjectives : Path, optional
        People's loadings of adjectives on factors; default: where the environment variable VALUELEX_ADJECTIVES says.
    tell : callable
        Called with each section as soon as it is there.
    """
    made: list[Recomputed] = []
    named = adjectives or (Path(os.environ[ADJECTIVES]) if os.environ.get(ADJECTIVES) else None)
    steps: tuple[Callable[[], Recomputed], ...] = (
        anchors,
        lambda: psycho_lexical(named),
        lambda: validate(DRAWS if draws is None else draws),
    )
    for step in steps:
        made.append(step())
        tell(made[-1].summary())
    return made


def anchor_agreement(
    n_clusters: int | str, *, gloss: bool = True, n_relabelings: int = RELABELINGS, embedder: Embedder | None = None
) -> dict[str, Any]:
    """Cluster all words of the value lexicon by meaning; compare where the published anchors fell with their published places.

    Returns
    -------
    dict
        n_words, n_clusters; and for `dimensions` (3) and `subdimensions` (6) the adjusted Rand index over the anchors, and
        under `..._p99` the 99th percentile of that of random relabelings.
    """
    from sklearn.metrics import adjusted_rand_score

    published = load_yaml(find("taxonomies/valuelex.yaml"))
    place = {
        word: (dimension["name"], sub["name"])
        for dimension in published["dimensions"]
        for sub in dimension["subdimensions"]
        for word in sub["words"]
    }
    glosses = load_lexicon("values", Path()).glosses
    words = list(glosses)
    vectors = (embedder or _default_embedder()).encode([f"{w}: {glosses[w]}" if gloss else w for w in words])
    found = cluster(vectors, n_clusters)  # type: ignore[arg-type]
    labels = found.labels[[words.index(word) for word in place]]
    out: dict[str, Any] = {"n_words": len(words), "n_clusters": found.n_clusters}
    rng = np.random.default_rng(SEED)
    for level, name in enumerate(("dimensions", "subdimensions")):
        truth = [where[level] for where in place.values()]
        chance = [adjusted_rand_score(truth, rng.permutation(labels)) for _ in range(n_relabelings)]
        out |= {
            name: float(adjusted_rand_score(truth, labels)),
            f"{name}_p99": float(np.percentile(chance, 99)),
        }
    return out


def anchors(embedder: Embedder | None = None) -> Figures:
    """The published anchor words among all words of the value lexicon, in as many clusters as there are places."""
    embedder = _Remembering(embedder or _default_embedder())
    rows, checks = [], []
    for gloss in (False, True):
        for k, level in ((3, "dimensions"), (6, "subdimensions")):
            found = anchor_agreement(k, gloss=gloss, embedder=embedder)
            ari, chance = found[level], found[f"{level}_p99"]
            text = "word: gloss" if gloss else "word alone"
            rows.append({"text": text, "places": f"{k} {level}", "ARI": ari, "99 % of relabelings": chance})
            if not gloss:
                what = f"anchors in {k} {level}, words alone, above relabelings"
                checks.append({"what": what, "figure": ari, "floor": chance, "ok": bool(ari > chance)})
    text = (
        f"The published anchor words among all {found['n_words']} words of the value lexicon, clustered by meaning "
        f"({embedder.name}, Ward's linkage); {RELABELINGS:,} random relabelings, seed {SEED}."
    )
    return Figures("Published anchors, recomputed", text, pd.DataFrame(rows), pd.DataFrame(checks))


def human_loadings(path: Path) -> pd.DataFrame:
    """Read people's loadings: a column `word`, and one per factor.

    Raises
    ------
    BadInput
        If the file cannot be read that way.
    """
    table = read_frame(path)
    if "word" not in table or table.shape[1] < 2:
        raise BadInput(f"{path}: no column 'word', or no factors.", "Give a table of word and one column per factor.")
    words = table["word"].astype(str).str.lower()
    return table.assign(word=words).set_index("word").rename(columns=lambda name: str(name).split("/")[0]).astype(float)


def psycho_lexical(adjectives: Path | None, *, model: str = READ_MODEL, embedder: Embedder | None = None) -> Figures:
    """Compare the factors of adjectives by embedding, and by one model's log-probabilities, with those of people's ratings."""
    title = "Psycho-lexical route, recomputed"
    if adjectives is None or not adjectives.is_file():
        where = f"{adjectives} is not there" if adjectives else f"--adjectives and {ADJECTIVES} name no file"
        text = f"Not computed: people's loadings have no licence to be shipped, and {where}."
        return Figures(title, text, pd.DataFrame(), pd.DataFrame())
    human = human_loadings(adjectives)
    words = [str(word) for word in human.index]
    vectors = (embedder or _default_embedder()).encode([f"a {word} person" for word in words])
    by_meaning = pd.DataFrame(np.corrcoef(vectors - vectors.mean(axis=0)), index=words, columns=words)
    routes = {"embedding of 'a ... person'": by_meaning}
    try:
        with tempfile.TemporaryDirectory() as folder:
            score = ModelScorer(Caller(Ledger(Path(folder) / "calls.jsonl")), resolve(ModelSettings(id=model)))
            known = score.one_token(words)
            inside, _ = intrinsic_similarity(words, score, frames=ADJECTIVE_FRAMES[:1], vocabulary=known)
    except ValuelexError as error:
        return Figures(title, f"Not computed: {error.what}", pd.DataFrame(), pd.DataFrame())
    routes[f"log-probabilities of {model}"] = inside
    rows, checks = [], []
    for name, similarity in routes.items():
        best = recovery(similarity_factors(similarity, FACTORS), human)["best"]
        rows.append({"route": name, **{str(factor): float(value) for factor, value in best.items()}})
    second = float(best.sort_values().iloc[-LEAST_CONGRUENT])
    what = f"{model}: congruence reached on {LEAST_CONGRUENT} factors"
    checks.append({"what": what, "figure": second, "floor": CONGRUENT, "ok": second >= CONGRUENT})
    text = (
        f"Largest absolute Tucker congruence of people's factors with any of {FACTORS} components (varimax) of similarities "
        f"of {len(words)} adjectives, the frames {' and '.join(repr(t) for t in ADJECTIVE_FRAMES[0])} less one another, "
        f"{len(known)} adjectives of one token as what could follow."
    )
    return Figures(title, text, pd.DataFrame(rows), pd.DataFrame(checks))


class _Remembering:
    """An embedder that embeds the same texts once."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self._embedder = embedder.name, embedder
        self._found: dict[tuple[str, ...], np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        key = tuple(texts)
        if key not in self._found:
            self._found[key] = self._embedder.encode(list(texts))
        return self._found[key]


def _default_embedder() -> Embedder:
    files = embedding_files(EMBEDDING)
    return OnnxEmbedder(EMBEDDING, model=files["model"], tokenizer=files["tokenizer"])
