"""The stages of a study: what each reads, writes, and rests on, and how it is called. Data flows down this file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex import comparison, elicitation, lexicon, projective, taxonomy
from valuelex.models import Caller, Model, facts, resolve
from valuelex.models.seeds import call_seed
from valuelex.semantics import Embedder
from valuelex.study.embedding import for_sentences, open_embedder
from valuelex.study.file import StudyFile
from valuelex.tables import frame

Outputs = Mapping[str, Any]


@dataclass
class Work:
    """What a stage is given: the study file, its models, what earlier stages made, and the door to the models."""

    file: StudyFile
    folder: Path
    population: list[Model]
    caller: Caller
    read: Callable[[str], Any]
    given: Mapping[str, pd.DataFrame]
    results: Path
    replay: bool = False
    made: Callable[[str], bool] = lambda name: False
    """Whether a stage that this run rests on has written the table."""

    @cached_property
    def embedder(self) -> Embedder:
        """Of sentences and of any word; opened when a stage first needs it."""
        return self._open(for_sentences(self.file.taxonomy.embedding))

    @cached_property
    def word_embedder(self) -> Embedder:
        """Of the words of the lexicon: the one that the study file names."""
        return self._open(self.file.taxonomy.embedding)

    def _open(self, name: str) -> Embedder:
        return open_embedder(name, self.caller.tell, self.folder, results=self.results, replay=self.replay)

    def seed(self, stage: str) -> int:
        """The stage's own seed, spawned from the study's."""
        return call_seed(self.file.seed, stage)


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes
    ----------
    name : str
        The command's name.
    room : str
        The package's room that holds it.
    reads, writes : tuple of str
        Tables and documents.
    sections : tuple of str
        Keys of the study file that can move its outputs.
    run : callable
    given : str
        The table that, when it comes from outside, takes the place of what the stage would compute.
    also : tuple of str
        Tables that the stage reads where the study has made or been given them, and can do without.
    alone : callable
        Whether the study file makes the stage read no table of an earlier one.
    """

    name: str
    room: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    run: Callable[[Work], Outputs]
    given: str = ""
    also: tuple[str, ...] = ()
    alone: Callable[[StudyFile], bool] = lambda file: False

    def read_with(self, file: StudyFile) -> tuple[str, ...]:
        """Tables and documents that the stage reads under this study file."""
        return () if self.alone(file) else self.reads


def _elicit(work: Work) -> Outputs:
    if "responses" in work.given:
        return {"responses": work.given["responses"]}
    file = work.file
    return elicitation.run(
        work.population,
        file.respondents,
        file.elicitation,
        seed=work.seed("elicit"),
        caller=work.caller,
        folder=work.folder,
        # The two steps meet here: what counts as a word when sampling stops is what counts as one in the lexicon.
        counter=lambda: lexicon.WordCounter(file.lexicon, work.folder, work.embedder if file.lexicon.unknown else None),
    )


def _lexicon(work: Work) -> Outputs:
    settings = work.file.lexicon
    if "words" in work.given:
        made = lexicon.from_words(work.given["words"], settings, folder=work.folder)
        return made | ({"lexicon": _counted(work.given["lexicon"], made["lexicon"])} if "lexicon" in work.given else {})
    asked = work.file.elicitation
    limited = {"closed", "logprob"} & set(asked.modes)
    return lexicon.run(
        work.read("responses"),
        settings,
        embedder=work.embedder if settings.unknown else None,
        folder=work.folder,
        seed=work.seed("lexicon"),
        facts=facts(work.population),
        examples=elicitation.shown_words(elicitation.load_examples(asked.few_shot, work.folder)),
        vocabulary=elicitation.load_vocabulary(asked.vocabulary, work.folder) if limited else None,
        caller=work.caller,
    )


def _counted(given: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """A given lexicon whose counts are empty takes them from the words."""
    out = given.copy()
    counts = counted.set_index("word")
    for column in ("n_responses", "n_respondents", "n_models"):
        own = out["word"].map(counts[column]).fillna(0).astype("Int64")
        out[column] = out[column].where(out[column] > 0, own)
    return out[out["n_respondents"] > 0].reset_index(drop=True)


def _taxonomy(work: Work) -> Outputs:
    made = _computed_taxonomy(work)
    path = taxonomy.edits_path(work.file.taxonomy.edits, work.folder)
    return made if path is None else taxonomy.apply_edits(made, taxonomy.load_edits(path))


def _computed_taxonomy(work: Work) -> dict[str, Any]:
    if "assignments" in work.given:
        return taxonomy.from_assignments(work.given["assignments"])
    settings, seed = work.file.taxonomy, work.seed("taxonomy")
    namer = None if settings.namer is None else taxonomy.Namer(settings.namer, work.caller, seed)
    made = _structure(work, namer, seed)
    return made if namer is None else made | {"naming": namer.table()}


def _structure(work: Work, namer: taxonomy.Namer | None, seed: int) -> dict[str, Any]:
    settings = work.file.taxonomy
    if settings.structure == "intrinsic":
        return _intrinsic(work, namer, seed)
    return taxonomy.run(
        work.read("words"),
        work.read("lexicon"),
        settings,
        seed=seed,
        embedder=work.word_embedder,
        families={str(m): str(f) for m, f in facts(work.population)["family"].dropna().items()},
        namer=namer,
    )


def reads_models(file: StudyFile) -> bool:
    """Whether the step taxonomy lets models score words."""
    return file.taxonomy.structure == "intrinsic" and "assignments" not in file.inputs


def _intrinsic(work: Work, namer: taxonomy.Namer | None, seed: int) -> dict[str, Any]:
    """The two steps meet here: the value lexicon tells what could follow a word, and which words there are without answers."""
    settings = work.file.taxonomy
    asked = settings.intrinsic.words == "lexicon"
    if asked:
        words = work.read("lexicon").nlargest(settings.intrinsic.max_words, "n_respondents", keep="first")
    else:
        known = lexicon.load_lexicon(settings.intrinsic.words, work.folder)
        words = lexicon.unasked(known, settings.intrinsic.max_words, seed=seed)
    follow = dict.fromkeys([*words["word"].astype(str), *lexicon.load_lexicon("values", work.folder).glosses])
    profiles = taxonomy.read_profiles(
        taxonomy.choose_models(work.population, settings.intrinsic),
        words["word"].astype(str).tolist(),
        list(follow),
        settings.intrinsic,
        work.caller,
    )
    return taxonomy.run_intrinsic(
        profiles,
        words.reset_index(drop=True),
        settings,
        seed=seed,
        embedder=work.word_embedder,
        words=work.read("words") if asked else None,
        namer=namer,
    )


def _instrument(work: Work) -> Outputs:
    if "instrument" in work.given:
        table = work.given["instrument"]
        return {"instrument": table, "manual": projective.manual_for(table, work.folder)}
    settings = work.file.instrument
    own = work.read("taxonomy") if settings.taxonomy == "own" and settings.file is None else {}
    return projective.build(
        own,
        settings,
        seed=work.seed("instrument"),
        embedder=work.embedder,
        folder=work.folder,
        caller=work.caller,
    )


def _administer(work: Work) -> Outputs:
    if "completions" in work.given:
        return {"completions": work.given["completions"]}
    return projective.administer(
        work.read("instrument"),
        work.population,
        work.file.administration,
        seed=work.seed("administer"),
        caller=work.caller,
    )


def _judge(work: Work) -> Outputs:
    if "judgements" in work.given:
        return {"judgements": work.given["judgements"], "judging": {"judges": {}, "note": "The judgements were given."}}
    judges = work.file.judges
    scorer = None
    if "embedded" in judges:
        scorer = projective.AnchorScorer(work.read("manual"), work.embedder, projective.open_reader(work.caller.tell))
    made = projective.judge(
        work.read("completions"),
        work.read("instrument"),
        work.read("manual"),
        judges=judges,
        seed=work.seed("judge"),
        caller=work.caller,
        scorer=scorer,
        population=work.population,
    )
    made["judgements"], raters = _with_people(work, made["judgements"])
    models = [resolve(j) for j in judges if not isinstance(j, str)]
    found = projective.judge_dossier(
        made["judgements"],
        work.read("completions"),
        repeats=made["judge_repeats"],
        judge_families={"embedded": projective.reader_family(), **{model.id: model.entry.family for model in models}},
        model_families={model.id: model.entry.family for model in work.population},
        seed=call_seed(work.seed("judge"), "dossier"),
    )
    document: dict[str, Any] = {
        "judges": [*(j if isinstance(j, str) else j.id for j in judges), *raters],
        "asked": {j.id: {"ask": j.ask, "rubric": j.rubric} for j in judges if not isinstance(j, str)},
        "kin": {m.id: kin for m in models if (kin := [one.id for one in projective.kin_of(m, work.population)])},
        "unknown": found.pop("unknown"),
    }
    if scorer is not None:
        document["embedded_validity"] = projective.validity(scorer)
    return {**made, **found, "judging": document}


def _with_people(work: Work, judgements: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The judgements with the ratings of people that were imported, and these judges' ids."""
    ratings = projective.read_ratings(work.folder)
    rows = projective.human_judgements(ratings, work.read("completions"), work.read("instrument"), work.read("manual"))
    if not rows:
        return judgements, []
    people = frame("judgements", rows)
    return pd.concat([judgements, people], ignore_index=True), sorted({str(row["judge_id"]) for row in rows})


def _score(work: Work) -> Outputs:
    if "scores" in work.given:
        return {
            "completion_scores": frame("completion_scores", []),
            "item_scores": _means(work.given["scores"]),
            "scores": work.given["scores"],
            "reliability": {"scales": {}, "judges": {"reason": "The scores were given."}},
        }
    return projective.score(
        work.read("judgements"),
        work.read("completions"),
        work.read("instrument"),
        work.file.scoring,
        confidence=work.file.comparison.confidence,
        seed=work.seed("score"),
        **{name: work.read(name) for name in STAGES["score"].also if work.made(name)},
    )


def _means(scores: pd.DataFrame) -> pd.DataFrame:
    """Given scores of models as the table that is compared."""
    known = scores[scores["mean"].notna()].rename(columns={"mean": "score"})
    given = known.assign(item_id=None, sample_index=0, judge_id="given", valence=None, form=None)
    return frame("item_scores", given)


_ALSO_COMPARED = {
    "taxonomy": "taxonomy",
    "adequacy": "adequacy",
    "scores": "model_scores",
    "words": "words",
    "responses": "responses",
}
"""What claims are put to where the study has it: document or table -> argument."""


def _compare(work: Work) -> Outputs:
    given = work.given.get("item_scores")
    return comparison.run(
        work.read("item_scores") if given is None else given,
        facts=facts(work.population),
        settings=work.file.comparison,
        sampled_judges=work.file.scoring.judges == "random",
        folder=work.folder,
        instrument="" if "instrument" in work.given else work.file.instrument.taxonomy,
        seed=work.seed("compare"),
        **{to: work.read(name) for name, to in _ALSO_COMPARED.items() if work.made(name)},
    )


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "elicit",
            "elicitation",
            (),
            ("responses", "word_scores", "quality"),
            ("models", "respondents", "elicitation"),
            _elicit,
            given="responses",
        ),
        Stage(
            "lexicon",
            "lexicon",
            ("responses",),
            (
                "words",
                "lexicon",
                "value_filter",
                "filter_agreement",
                "crosswalk",
                "overrides",
                "languages",
                "saturation",
                "richness",
                "variance_shares",
                "mode_agreement",
                "example_effect",
            ),
            ("lexicon", "taxonomy.embedding", "models", "elicitation"),
            _lexicon,
            "words",
        ),
        Stage(
            "taxonomy",
            "taxonomy",
            ("words", "lexicon"),
            (
                "assignments",
                "loadings",
                "structure",
                "factor_correlations",
                "retention",
                "eigenvalues",
                "stability",
                "word_pairs",
                "word_tree",
                "cluster_numbers",
                "intrinsic",
                "structure_agreement",
                "controls",
                "naming",
                "edits",
                "adequacy",
                "taxonomy",
            ),
            ("taxonomy", "models"),
            _taxonomy,
            given="assignments",
            alone=lambda file: reads_models(file) and file.taxonomy.intrinsic.words != "lexicon",
        ),
        Stage(
            "instrument",
            "projective",
            ("taxonomy",),
            ("instrument", "stem_candidates", "form_balance", "manual"),
            ("instrument", "taxonomy.embedding"),
            _instrument,
            given="instrument",
            alone=lambda file: file.instrument.file is not None or file.instrument.taxonomy != "own",
        ),
        Stage(
            "administer",
            "projective",
            ("instrument",),
            ("completions",),
            ("models", "administration"),
            _administer,
            given="completions",
        ),
        Stage(
            "judge",
            "projective",
            ("completions", "instrument", "manual"),
            (
                "judgements",
                "judge_repeats",
                "judge_replies",
                "judge_agreement",
                "judge_effects",
                "judge_left_out",
                "judging",
            ),
            ("judges", "taxonomy.embedding", "models"),
            _judge,
            given="judgements",
        ),
        Stage(
            "score",
            "projective",
            ("judgements", "completions", "instrument"),
            (
                "completion_scores",
                "item_scores",
                "scores",
                "score_effects",
                "items",
                "g_study",
                "d_study",
                "dimension_pairs",
                "dimension_structure",
                "multitrait",
                "short_form",
                "reliability",
            ),
            ("scoring", "comparison.confidence"),
            _score,
            given="scores",
            also=("words", "assignments", "crosswalk"),
        ),
        Stage(
            "compare",
            "comparison",
            ("item_scores",),
            (*comparison.TABLES, "comparison"),
            ("comparison", "models", "scoring.judges", "instrument.taxonomy"),
            _compare,
            also=tuple(_ALSO_COMPARED),
            alone=lambda file: "item_scores" in file.inputs,
        ),
    )
}
"""Every stage but the report, in the order in which data flows. The report, one floor up, reads what they made."""


def needed(target: str, file: StudyFile) -> list[str]:
    """Return the stages that `target` rests on, itself last. A stage whose table is given needs nothing before it."""
    wanted: set[str] = set()

    def visit(name: str) -> None:
        if name in wanted:
            return
        wanted.add(name)
        stage = STAGES[name]
        if stage.given in file.inputs:
            return
        also = [name for name in stage.also if any(name == s.given and name in file.inputs for s in STAGES.values())]
        for item in (*stage.read_with(file), *also):
            visit(next(s.name for s in STAGES.values() if item in s.writes))

    visit(target)
    return [name for name in STAGES if name in wanted]


def whole(file: StudyFile) -> list[str]:
    """Return the stages of a whole run: those that the comparison rests on.

    A test of a named taxonomy rests on no answers of the study. Its models are asked for their words all the same, to set what
    they name beside how they score.
    """
    wanted = set(needed("compare", file))
    if "instrument" in wanted and "instrument" not in file.inputs and file.instrument.file is None:
        wanted |= set(needed("taxonomy", file))
    return [name for name in STAGES if name in wanted]
