"""What the counts say about the survey: saturation, sources of differences, agreement of modes, effect of examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from valuelex import psychometrics as pm
from valuelex.lexicon import LexiconSettings, WordCounter, load_lexicon, run

HERE = Path()
ALL_COUNT = LexiconSettings(unknown=False, min_respondents=1)
WORDS = ["honesty", "loyalty", "courage", "kindness", "justice", "freedom", "peace", "wisdom", "patience", "humility"]
WORDS += ["gratitude", "curiosity"]


def made(table, rows: list[dict], settings: LexiconSettings = ALL_COUNT, **more) -> dict[str, pd.DataFrame]:
    return run(table(rows), settings, embedder=None, folder=HERE, **more)


def answers(n: int, seed: int = 1, **more) -> list[dict]:
    """Answers of three models in two settings each to five prompts."""
    rng = np.random.default_rng(seed)
    return [
        {
            "text": ", ".join(rng.choice(WORDS, rng.integers(1, 5), replace=False)),
            "respondent_id": f"{'abc'[i % 3]}/t{i // 3 % 2}",
            "temperature": float(i // 3 % 2),
            "prompt_id": f"p{i % 5}",
            **more,
        }
        for i in range(n)
    ]


def test_saturation_and_richness_are_those_of_the_incidences(table) -> None:
    rows = [
        *answers(60),
        {"text": "fidelity, courage", "respondent_id": "c/t0"},
        {"text": "no", "respondent_id": "a/t0"},
    ]
    tables = made(table, rows)
    found = tables["richness"].set_index("model_id").loc["(all)"]
    words = tables["words"]
    counts = words[words["kept"]].groupby("word")["response_id"].nunique().to_numpy()
    assert found["n_answers"] == 62
    assert found["observed"] == 13
    assert found["n_words"] == counts.sum()
    assert found["coverage"] == pm.sample_coverage(counts, n_units=62).estimate
    assert found["chao2_high"] == pm.chao2(counts, 62).high
    assert found["chao1"] == pm.chao1(counts).estimate
    curve = tables["saturation"].query("model_id == '(all)'")
    want = pm.rarefaction(counts, curve["n_answers"].astype(int).tolist(), n_units=62)
    np.testing.assert_allclose(curve["expected"].astype(float), want["expected"])
    assert int(curve["n_answers"].max()) == 124
    assert set(tables["saturation"]["model_id"]) == {"a", "b", "c", "(all)"}


def test_rare_words_are_the_singletons_that_coverage_rests_on(table) -> None:
    rows = [*answers(30), {"text": "fidelity", "respondent_id": "c/t0"}]
    few, many = made(table, rows), made(table, rows, LexiconSettings(unknown=False, min_respondents=4))
    assert "fidelity" not in set(many["lexicon"]["word"])
    pd.testing.assert_frame_equal(few["richness"], many["richness"])


def test_modes_have_curves_of_their_own(table) -> None:
    rows = answers(20) + answers(20, 2, elicitation="closed") + answers(5, 3, elicitation="own way")
    found = made(table, rows)["richness"]
    assert found["elicitation"].unique().tolist() == ["open", "closed", "own way"]
    assert found.query("model_id == '(all)'")["n_answers"].tolist() == [20, 20, 5]


def test_the_counter_says_what_the_table_says_in_any_order(table) -> None:
    rows = [
        *answers(40),
        {"text": "honesty, love, self", "respondent_id": "a/t1", "status_reason": "cut off at max_tokens"},
    ]
    found = made(table, rows)["richness"].set_index("model_id")
    for order in (rows, rows[::-1]):
        counter = WordCounter(ALL_COUNT, HERE)
        assert np.isnan(counter.coverage().estimate)
        for row in order:
            counter.add(row["respondent_id"].split("/")[0], row["text"], row.get("status_reason"))
        for model, name in ((None, "(all)"), ("a", "a")):
            cover, row = counter.coverage(model), found.loc[name]
            assert (cover.estimate, cover.low, cover.high) == tuple(row[["coverage", "coverage_low", "coverage_high"]])
            assert (cover.n_words, cover.observed, cover.singletons) == tuple(
                row[["n_words", "observed", "singletons"]]
            )
    assert np.isnan(counter.coverage("nobody").estimate)


def test_the_counter_asks_the_embedding_about_unknown_words() -> None:
    class OneWordIsNear:
        """A stub: every word but gritty is a vector of its own."""

        name = "stub"

        def encode(self, texts):
            return np.array([[1.0, 0.0] if t in known or t == "gritty" else [0.0, 1.0] for t in texts])

    known = set(load_lexicon("values", HERE).glosses)
    counter = WordCounter(LexiconSettings(), HERE, OneWordIsNear())
    for text in ("honesty, gritty, blorpish", "honesty, some odd phrase"):
        counter.add("m", text)
    assert counter.coverage("m").observed == 2
    assert counter.coverage().n_words == 3


def test_variance_shares_name_every_source(table) -> None:
    facts = pd.DataFrame({"family": ["x", "x", None]}, index=["a", "b", "c"])
    found = made(table, answers(90), facts=facts)["variance_shares"].set_index("source")
    main = ["family", "model", "setting", "persona", "language", "prompt", "wording", "order", "examples"]
    assert list(found.index[:9]) == main
    assert found.loc["residual", "levels"] == 90
    assert found.loc["persona", "method"] == "not estimated: one level"
    assert found.loc[["model x prompt", "setting x prompt"], "levels"].tolist() == [15, 30]
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["model", "method"].endswith("jackknife over 6 settings")
    unknown = made(table, answers(90))["variance_shares"].set_index("source")
    assert unknown.loc["family", "method"] == "not estimated: the families are not known"


def test_variance_shares_find_what_was_put_in(table) -> None:
    """Each of 8 models has 3 words of its own, each of 6 prompts one: the components by hand from a balanced design."""
    rng = np.random.default_rng(5)
    names = [w for w in sorted(load_lexicon("values", HERE).glosses) if w.isalpha()][:60]
    rows = []
    for m in range(8):
        for p in range(6):
            for _ in range(4):
                said = [w for w in names[3 * m : 3 * m + 3] if rng.random() < 0.7] + [names[24 + p]] * int(
                    rng.random() < 0.5
                )
                said += [w for w in names[30:36] if rng.random() < 0.2]
                rows.append({"text": ", ".join(said), "respondent_id": f"m{m}/t", "prompt_id": f"p{p}"})
    found = made(table, rows)["variance_shares"].set_index("source")["component"]
    # A word that one of 8 models says with chance .7: variance over models .7^2 (1/8 - 1/64) * 8/7; 24 such words.
    assert found["model"] == pytest.approx(24 * 0.49 * (1 / 8 - 1 / 64) * 8 / 7, rel=0.15)
    assert found["prompt"] == pytest.approx(6 * 0.25 * (1 / 6 - 1 / 36) * 6 / 5, rel=0.35)
    within = 24 / 8 * 0.7 * 0.3 + 1 * 0.5 * 0.5 + 6 * 0.2 * 0.8
    assert found["residual"] == pytest.approx(within, rel=0.1)


def test_modes_agree_as_their_frequencies_do(table) -> None:
    open_, closed = answers(60), answers(60, 2, elicitation="closed")
    closed = [row | {"text": row["text"] + ", kindness, peace"} for row in closed]
    rows = [*open_, *closed, {"text": "fidelity", "respondent_id": "a/t0"}]
    found = made(table, rows)["mode_agreement"].set_index("model_id")
    assert list(found.index) == ["a", "b", "c", "(all)"]
    count = {}
    for mode, part in (("open", open_), ("closed", closed)):
        said = pd.Series([w for row in part for w in set(row["text"].split(", "))])
        count[mode] = said.value_counts().reindex(WORDS).fillna(0).to_numpy()
    assert found.loc["(all)", "spearman"] == pytest.approx(stats.spearmanr(count["open"], count["closed"]).statistic)
    assert found.loc["(all)", "n_words"] == 12  # fidelity is no word of the closed mode
    assert found.loc["(all)", "ci_low"] < found.loc["(all)", "spearman"] < found.loc["(all)", "ci_high"]
    assert "jackknife over 6 respondents" in found.loc["(all)", "method"]
    assert "jackknife over 5 prompts" in found.loc["a", "method"]
    declared = made(table, rows, vocabulary=[*WORDS, "fidelity"])["mode_agreement"].set_index("model_id")
    assert declared.loc["(all)", "n_words"] == 13
    assert found.loc["(all)", "overlap"] == 1


def test_equal_modes_agree_fully_and_few_words_not_at_all(table) -> None:
    rows = answers(40) + [row | {"elicitation": "closed"} for row in answers(40)]
    found = made(table, rows)["mode_agreement"].set_index("model_id").loc["(all)"]
    assert found["spearman"] == 1
    assert pd.isna(found["ci_low"])
    few = [{"text": "honesty", "respondent_id": "a/1", "elicitation": mode} for mode in ("open", "logprob")]
    assert pd.isna(made(table, few)["mode_agreement"]["spearman"].iloc[0])


def test_shown_examples_that_are_echoed_are_seen(table) -> None:
    rng = np.random.default_rng(2)
    sets = {"one": ["River", "stone"], "two": ["cloud", "stone"]}
    rows = []
    for i in range(400):
        shown = ("one", "two")[i % 2]
        echo = [w for w in sets[shown] if rng.random() < (0.5 if i % 4 < 2 else 0.0)]
        text = ", ".join(["honesty", *echo])
        rows.append(
            {"text": text, "respondent_id": f"{'ab'[i // 2 % 2]}/t", "prompt_id": f"p{i // 4 % 10}", "examples": shown}
        )
    rows.append({"text": "river", "respondent_id": "a/t"})  # no examples: not counted
    found = made(table, rows, examples=sets)["example_effect"].set_index("model_id")
    echoes = sum(
        "river" in row["text"].lower() or "cloud" in row["text"] for row in rows[:400] if row["respondent_id"] == "a/t"
    )
    assert found.loc["a", "n_shown"] == 200  # stone is in both sets and says nothing
    assert found.loc["a", "rate_shown"] == pytest.approx(echoes / 200)
    assert found.loc["a", "rate_hidden"] == 0
    assert found.loc["a", "ci_low"] > 0.35
    assert found.loc["b", "difference"] == 0
    assert found.loc["b", ["ci_low", "ci_high"]].tolist() == [0, 0]
    assert 0 < found.loc["(all)", "difference"] < found.loc["a", "difference"]


def test_one_set_of_examples_cannot_be_told_from_the_model(table) -> None:
    rows = [{"text": "honesty", "respondent_id": "a/t", "examples": "one"}] * 3
    found = made(table, rows, examples={"one": ["river"]})["example_effect"].iloc[0]
    assert found["method"] == "not estimated: one example set"
    assert made(table, rows)["example_effect"].empty


def test_a_design_with_nothing_to_say_gives_empty_tables(table) -> None:
    found = made(table, [{"text": "", "respondent_id": "a/t", "status": "invalid"}])
    assert {name: len(table) for name, table in found.items() if len(table)} == {}
    one = made(table, [{"text": "honesty", "respondent_id": "a/t"}])
    assert one["richness"]["coverage"].tolist() == [0]
    assert one["variance_shares"].empty
    assert one["mode_agreement"].empty
