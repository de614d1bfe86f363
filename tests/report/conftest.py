"""Small made-up result folders: everything that a report reads, without a model and without an embedding."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import valuelex as vl
from valuelex.comparison import ComparisonSettings
from valuelex.comparison import run as compare
from valuelex.lexicon import LexiconSettings, from_words
from valuelex.projective import ScoringSettings, score
from valuelex.report.evidence import Evidence
from valuelex.study import Manifest, StageRecord, Study
from valuelex.tables import digest, empty, frame, write

MODELS = ("smollm2-135m-instruct", "gemma-3-270m")
VALUES = ("honesty", "courage", "kindness", "fairness", "wisdom", "love")
SCALES = {"Truth": "Virtue", "Bravery": "Virtue", "Care": "Warmth"}


def study_file(folder: Path, **keys: Any) -> Path:
    """Write a study file; keys win over the defaults."""
    content: dict[str, Any] = {
        "name": "small",
        "seed": 3,
        "models": [{"id": model} for model in MODELS],
        "respondents": {"temperature": [0.6, 1.0], "top_p": [0.95], "personas": [None, "You are a nurse."]},
        "elicitation": {"samples": 1},
        "instrument": {"stems": 8},
        "results": "results",
    } | keys
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def respondents(models: tuple[str, ...]) -> list[tuple[str, str, float, str | None]]:
    grid = product(models, (0.6, 1.0), (None, "you-are-a-nurse"))
    return [(f"{m}/t{t:g}/p0.95" + (f"/{p}" if p else ""), m, t, p) for m, t, p in grid]


def make_responses(models: tuple[str, ...], answer: str = "") -> pd.DataFrame:
    """Two prompts a respondent; one answer of the last model is refused, one has an error."""
    rows = []
    for who, model, temperature, persona in respondents(models):
        for prompt in ("p01", "p02"):
            number = len(rows)
            status = "refused" if number == 0 else "error" if number == 1 else "ok"
            rows.append(
                {
                    "response_id": f"r{number:02d}",
                    "respondent_id": who,
                    "model_id": model,
                    "prompt_id": prompt,
                    "sample_index": 0,
                    "temperature": temperature,
                    "top_p": 0.95,
                    "persona": persona,
                    "seed": number,
                    "mode": "completion" if model.startswith("gemma") else "chat",
                    "elicitation": "open",
                    "language": "en",
                    "wording": None,
                    "order": 0,
                    "examples": None,
                    "labels": None,
                    "text": answer or f"{VALUES[number % 6]}, {VALUES[(number + 1) % 6]}, xyzzy",
                    "status": status,
                    "status_reason": "declines" if status == "refused" else None,
                    "n_tokens_in": 10,
                    "n_tokens_out": 8,
                    "latency_s": 0.5 + number,
                }
            )
    return frame("responses", rows)


def make_words(responses: pd.DataFrame, *, kept: bool = True) -> dict[str, pd.DataFrame]:
    """Every usable answer holds two value words and one that is set aside."""
    rows = []
    for number, answer in enumerate(responses[responses["status"] == "ok"].to_dict("records")):
        for position, word in enumerate((VALUES[number % 6], VALUES[(number + 1) % 6], "xyzzy")):
            value = kept and word != "xyzzy"
            rows.append(
                {
                    "response_id": answer["response_id"],
                    "respondent_id": answer["respondent_id"],
                    "model_id": answer["model_id"],
                    "position": position,
                    "raw": word.title(),
                    "word": word,
                    "kept": value,
                    "reason": "value lexicon" if value else "not a value by embedding: nearest value hope (0.10)",
                }
            )
    return from_words(frame("words", rows), LexiconSettings(min_respondents=1))


def make_taxonomy(*, factorable: bool = True) -> dict[str, Any]:
    """Two dimensions, three subdimensions, two factors; or the verdict that nothing can be factored."""
    place = dict(zip(VALUES, ("Truth", "Bravery", "Care", "Truth", "Truth", "Care"), strict=True))
    adequacy: dict[str, Any] = {
        "factorable": factorable,
        "reasons": [] if factorable else ["KMO is 0.31, below 0.50.", "n (8) is not larger than p (9)."],
        "notes": ["A note on the analysis."],
        "n_respondents": 8,
        "n_models": 2,
        "n_words": 6,
        "n_words_used": 6,
        "prevalence_rule": "words named by 10% to 90% of respondents",
        "kmo": 0.71 if factorable else 0.31,
        "msa": dict.fromkeys(VALUES, 0.7),
        "bartlett": {"chi2": 51.25, "df": 15, "p": 0.0000123},
        "determinant": 0.01,
        "n_factors_above_permuted": 2 if factorable else 0,
    }
    if factorable:
        adequacy |= {
            "n_factors": 2,
            "n_factors_rule": "parallel analysis against column-permuted data",
            "fit": {"rmsea": 0.05, "rmsea_ci": [0.0, 0.1], "tli": 0.9, "cfi": 0.95, "srmr": 0.07},
            "heywood": [],
            "between_models": {"F1": 0.8, "F2": 0.1},
        }
    doubts = ["With 2 models, the factor is mostly the difference between them."] if factorable else adequacy["reasons"]
    names = {d: [s for s in SCALES if SCALES[s] == d] for d in ("Virtue", "Warmth")}
    loadings = [
        {"word": w, "F1": round(0.9 - 0.25 * i, 2), "F2": round(-0.55 + 0.2 * i, 2)} for i, w in enumerate(VALUES)
    ]
    made: dict[str, Any] = {
        "adequacy": adequacy,
        "taxonomy": {
            "interpretable": False,
            "reasons": doubts,
            "basis": "factors and meaning" if factorable else "meaning alone",
            "dimensions": [
                {
                    "name": d,
                    "words": [w for w in VALUES if SCALES[place[w]] == d],
                    "subdimensions": [{"name": s, "words": [w for w in VALUES if place[w] == s]} for s in subs],
                }
                for d, subs in names.items()
            ],
            "method": {"embedding": "none", "n_clusters": 3, "decisions": ["cluster 0: factor F1."]},
        },
        "assignments": frame(
            "assignments",
            [
                {
                    "word": w,
                    "dimension": SCALES[place[w]],
                    "subdimension": place[w],
                    "cluster": list(SCALES).index(place[w]),
                    "factor": "F1" if factorable else None,
                    "loading": 0.5 if factorable else None,
                    "communality": 0.4 if factorable else None,
                    "x": 0.3 * i,
                    "y": 0.1 * i * i,
                    "n_respondents": 8 - i,
                }
                for i, w in enumerate(VALUES)
            ],
        ),
        "eigenvalues": frame(
            "eigenvalues",
            [{"index": i, "observed": 3.0 / i, "reference": 1.6 - 0.1 * i if i < 5 else None} for i in range(1, 7)],
        ),
        "retention": frame(
            "retention",
            [
                {"criterion": "parallel-permutation", "n_factors": 2, "settings": '{"percentile": 95.0, "seed": 3}'},
                {"criterion": "map", "n_factors": None, "settings": None},
            ],
        ),
        "stability": frame(
            "stability",
            [
                {
                    "kind": "cluster",
                    "name": name,
                    "statistic": "Jaccard similarity, words resampled",
                    "mean": mean,
                    "ci_low": 0.2,
                    "ci_high": 0.9,
                    "n_resamples": 50,
                }
                for name, mean in (("Truth", 0.41), ("Bravery", 0.77), ("Care", None))
            ],
        ),
        "word_tree": frame(
            "word_tree",
            [
                {
                    "step": k,
                    "left": VALUES[0] if k == 1 else f"#{k - 1}",
                    "right": VALUES[k],
                    "height": k / 4,
                    "n_words": k + 1,
                }
                for k in range(1, 6)
            ],
        ),
        "loadings": frame("loadings", loadings) if factorable else empty("loadings"),
        "structure": frame("structure", loadings) if factorable else empty("structure"),
        "factor_correlations": frame(
            "factor_correlations", [{"factor": "F1", "F1": 1.0, "F2": 0.25}, {"factor": "F2", "F1": 0.25, "F2": 1.0}]
        )
        if factorable
        else empty("factor_correlations"),
    }
    return made


def make_test(models: tuple[str, ...], *, applicable: bool = True, completion: str = "") -> dict[str, Any]:
    """Eight stems, two completions each by every model, two judges."""
    valences = ("positive", "negative", "neutral", "trade-off")
    instrument = frame(
        "instrument",
        [
            {
                "item_id": f"i{n:03d}",
                "stem": f"What matters in case {n} is",
                "dimension": list(SCALES.values())[n % 3],
                "subdimension": list(SCALES)[n % 3],
                "valence": valences[n % 4],
                "form": "AB"[n % 2],
                "source": "bank",
                "bank_id": f"b{n}",
            }
            for n in range(8)
        ],
    )
    rows, judged = [], []
    for (m, model), n, sample in product(enumerate(models), range(8), range(2)):
        completion_id = f"c{m}{n}{sample}"
        ok = n != 7
        rows.append(
            {
                "completion_id": completion_id,
                "item_id": f"i{n:03d}",
                "respondent_id": f"{model}/t0.7/p0.95",
                "model_id": model,
                "sample_index": sample,
                "text": completion or f"to be kind, {n} times",
                "status": "ok" if ok else "invalid",
                "status_reason": None if ok else "empty",
                "seed": n,
                "n_tokens_in": 9,
                "n_tokens_out": 5,
                "latency_s": 1.25,
            }
        )
        for s, scale in enumerate(SCALES):
            for j, judge in enumerate(("embedded", "second")):
                here = applicable and ok and (n + s) % 2 == 0
                score = min(6.0, 2.0 + 0.3 * n + 0.7 * m + 0.2 * s + 0.1 * j + 0.05 * sample) if here else None
                judged.append(
                    {
                        "completion_id": completion_id,
                        "judge_id": judge,
                        "dimension": scale,
                        "score": score,
                        "applicable": here,
                        "rationale": "because",
                    }
                )
    validity = {
        "judge": "embedded",
        "embedding": "none",
        "overall": {"n": 40, "r": 0.37, "mae": 1.4, "mae_of_the_mean": 1.7, "auc_high_low": 0.71},
        "scales": {"Truth": {"n": 20, "r": None, "mae": 1.5, "applicable_share": 0.8}},
        "applicable": {
            "threshold": 0.4,
            "own_anchors": 0.8,
            "other_scales_anchors": 0.5,
            "not_applicable_examples": 0.0,
        },
        "note": "Read these scores as a rough screen.",
    }
    return {
        "instrument": instrument,
        "completions": frame("completions", rows),
        "judgements": frame("judgements", judged),
        "judging": {"judges": ["embedded", "second"], "embedded_validity": validity},
    }


def make_survey(models: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """The tables of issue 4: two modes, one model apart from another, sources with and without an estimate."""
    method = "as made up"
    quality, curves, rich = [], [], []
    for m, (model, mode) in enumerate(product(models, ("open", "closed"))):
        for k, label in enumerate(("refusal", "truncation")):
            row = {"model_id": model, "elicitation": mode, "label": label, "n": 40, "k": m + k, "rate": (m + k) / 40}
            quality.append(row | {"ci_low": 0.0, "ci_high": 0.5, "n_effective": 30.0, "method": method})
    for k, (model, mode) in enumerate(product((*models, "(all)"), ("open", "closed"))):
        for n in (5, 10, 20, 30, 40):
            row = {"model_id": model, "elicitation": mode, "n_answers": n, "expected": 10.0 * n / (n + 10) + k}
            curves.append(row | {"ci_low": row["expected"] - 1, "ci_high": row["expected"] + 1, "coverage": 0.9})
        rich.append(
            {
                "model_id": model,
                "elicitation": mode,
                "n_answers": 20,
                "n_words": 60,
                "observed": 8 + k,
                "singletons": 3,
                "doubletons": 2,
                "coverage": min(0.99, 0.9 + k / 100),
                "coverage_low": 0.81,
                "coverage_high": 0.99,
                "chao1": 12.0,
                "chao1_low": 9.0,
                "chao1_high": 30.0,
                "chao2": 11.0 + k,
                "chao2_low": 8.0,
                "chao2_high": 25.0,
                "method": method,
            }
        )
    shares = [
        ("model", 2, 0.1, 0.08, 0.02, 0.3),
        ("prompt", 15, 0.2, 0.16, 0.1, 0.2),
        ("persona", 2, -0.01, 0.0, 0.0, 0.01),
        ("residual", 300, 0.95, 0.76, 0.6, 0.9),
    ]
    names = ("source", "levels", "component", "share", "ci_low", "ci_high")
    variance = [dict(zip(names, row, strict=True)) | {"elicitation": "open", "method": method} for row in shares]
    lost = {"levels": 1, "component": None, "share": None, "ci_low": None, "ci_high": None}
    variance.append({"elicitation": "open", "source": "language", "method": "not estimated: one level"} | lost)
    agreement = [
        {
            "model_id": model,
            "mode_a": "open",
            "mode_b": "closed",
            "n_words": 30,
            "spearman": min(1.0, 0.4 + k / 10),
            "ci_low": 0.11,
            "ci_high": 0.77,
            "overlap": 0.55,
            "method": f"Spearman; jackknife over {k + 2} prompts",
        }
        for k, model in enumerate((*models, "(all)"))
    ]
    effect = {
        "model_id": models[-1],
        "n_shown": 90,
        "rate_shown": 0.05,
        "rate_hidden": 0.02,
        "difference": 0.03,
        "ci_low": -0.01,
        "ci_high": 0.07,
        "share": 0.013,
        "method": method,
    }
    scores = [
        {
            "response_id": f"r{frame_:02d}",
            "word": word,
            "logprob": -5.0,
            "n_tokens": 1,
            "baseline": -7.0,
            "score": 2.0 + frame_ / 10 - k,
            "rank": k + 1,
        }
        for frame_, (k, word) in product((0, 2, 14), enumerate(VALUES))
    ]
    return {
        "quality": frame("quality", quality),
        "saturation": frame("saturation", curves),
        "richness": frame("richness", rich),
        "variance_shares": frame("variance_shares", variance),
        "mode_agreement": frame("mode_agreement", agreement),
        "example_effect": frame("example_effect", [effect]),
        "word_scores": frame("word_scores", scores),
    }


def make_comparison(study: Study, made: dict[str, Any]) -> dict[str, Any]:
    from valuelex.models import facts

    tables = [made[name] for name in ("judgements", "completions", "instrument")]
    made = dict(score(*tables, ScoringSettings(bootstrap=0)))
    known = facts(study.population([]))
    return made | compare(made["item_scores"], facts=known, settings=ComparisonSettings(power_draws=20))


def make_all(study: Study, models: tuple[str, ...] = MODELS, **options: Any) -> dict[str, Any]:
    """Everything that a whole run leaves in its results folder."""
    responses = make_responses(models, options.get("answer", ""))
    made: dict[str, Any] = {"responses": responses, **make_words(responses, kept=options.get("kept", True))}
    made |= make_taxonomy(factorable=options.get("factorable", True))
    made |= make_survey(models) if options.get("survey") else {}
    made |= make_test(models, applicable=options.get("applicable", True), completion=options.get("answer", ""))
    return made | make_comparison(study, made)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, list[Path]]]:
    """Return the files of a whole run, by table or document; the same run is made once, and its files are only copied."""
    kept: dict[str, dict[str, list[Path]]] = {}

    def make(study: Study, models: tuple[str, ...], **options: Any) -> dict[str, list[Path]]:
        # All that `make_all` looks at: what the study file says of its models, and the options.
        key = repr((study.file.models, study.file.population, models, sorted(options.items())))
        if key not in kept:
            folder = tmp_path_factory.mktemp("finished")
            kept[key] = {name: write(name, value, folder) for name, value in make_all(study, models, **options).items()}
        return kept[key]

    return make


@pytest.fixture
def results(tmp_path: Path, finished: Callable[..., dict[str, list[Path]]]) -> Callable[..., Study]:
    """Make a study: ``results(without=("scores",), factorable=False)``; `only` names what is written at all."""

    def make(
        *,
        only: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        models: tuple[str, ...] = MODELS,
        keys: dict[str, Any] | None = None,
        folder: str = "study",
        manifest: bool = False,
        changes: dict[str, Any] | None = None,
        **options: Any,
    ) -> Study:
        place = tmp_path / folder
        given = {"models": [{"id": model} for model in models]} | (keys or {})
        study = vl.Study.load(study_file(place, **given))
        outputs = {}
        for name, paths in finished(study, models, **options).items():
            if name not in without and (not only or name in only) and name not in (changes or {}):
                study.results.mkdir(parents=True, exist_ok=True)
                outputs |= {path.name: digest(Path(shutil.copy(path, study.results))) for path in paths}
        for name, value in (changes or {}).items():
            if name not in without and (not only or name in only):
                outputs |= {path.name: digest(path) for path in write(name, value, study.results)}
        if manifest:
            record = StageRecord("key", {}, outputs, "2026-01-01T00:00:00+00:00", 1.5, {"responses": 16})
            Manifest("small", 3, {}, stages={"elicit": record}).write(study.results)
        return study

    return make


@pytest.fixture
def evidence(results: Callable[..., Study]) -> Evidence:
    return Evidence(results())
