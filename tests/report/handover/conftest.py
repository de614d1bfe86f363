"""A small study whose words can be factored, as its run leaves it; nothing is asked and nothing is embedded."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import valuelex as vl
from valuelex.models.seeds import call_seed
from valuelex.psychometrics import PsychometricsWarning
from valuelex.study import Study
from valuelex.tables import write
from valuelex.taxonomy import TaxonomySettings, run
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, SimulatedEmbedder, simulate

DRAWN = Population(n_dimensions=3, n_words=30, n_models=20, n_settings=8, n_answers=10, noise=0.0)


@pytest.fixture(scope="session")
def factored(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Study]:
    """Make a study: ``factored(association="tetrachoric")``; the same one is made once."""
    made: dict[str, Study] = {}

    def make(**settings: object) -> Study:
        key = repr(sorted(settings.items()))
        if key not in made:
            made[key] = _make(tmp_path_factory.mktemp("factored"), settings)
        return made[key]

    return make


def _make(folder: Path, settings: dict[str, object]) -> Study:
    drawn = simulate(DRAWN, 4)
    models = [{"id": m, "base_url": "http://127.0.0.1:9/v1"} for m in sorted(drawn.words["model_id"].unique())]
    chosen = {"bootstrap": 0, "n_factors": 3} | settings
    content = {"name": "factored", "seed": 5, "models": models, "taxonomy": chosen, "results": "results"}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    study = vl.Study.load(folder)
    lexicon = lexicon_of(drawn.words)
    with warnings.catch_warnings():
        # Sparse words have tetrachoric correlations at their bound.
        warnings.simplefilter("ignore", PsychometricsWarning)
        settled, seed = TaxonomySettings(**chosen), call_seed(5, "taxonomy")
        outputs = run(drawn.words, lexicon, settled, seed=seed, embedder=SimulatedEmbedder(drawn))
    study.results.mkdir()
    for name, value in {"words": drawn.words, "lexicon": lexicon, **outputs}.items():
        write(name, value, study.results)
    return study
