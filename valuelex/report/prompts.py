"""Prompts exactly as the models saw them: every frame, language and order, the examples, and the neutral frame."""

from __future__ import annotations

from valuelex.elicitation import Prompt, Respondent, Wording, load_examples, load_prompts, respondents
from valuelex.elicitation.examples import show
from valuelex.elicitation.prompts import completion_text, load_neutral, messages, prompts_for
from valuelex.errors import ValuelexError
from valuelex.models.seeds import call_seed
from valuelex.report.content import Block, Column, Listing, Note, Table
from valuelex.report.evidence import Evidence
from valuelex.report.survey import modes_of

_SENT = {
    "chat": "Sent as the user's message.",
    "completion": "The model continues this text; its first line is the answer.",
}


def prompt_blocks(evidence: Evidence) -> tuple[Block, ...]:
    """Return the tables of what was sent, or one line that says why it is not known."""
    if evidence.given("elicit"):
        return (Note("The answers were given with the study; how they were asked for is not known here."),)
    try:
        return tuple(_blocks(evidence))
    except ValuelexError as error:
        return (Note(f"The prompts cannot be read any more: {error.what}"),)


def _blocks(evidence: Evidence) -> list[Block]:
    file, folder = evidence.file, evidence.study.folder
    prompts = load_prompts(file.elicitation.prompts, folder)
    people = respondents(evidence.models, file.respondents, seed=call_seed(file.seed, "elicit"))
    blocks: list[Block] = []
    for mode in ("chat", "completion"):
        for language in file.respondents.languages:
            mine = [p for p in people if p.model.mode == mode and p.language == language]
            if mine:
                blocks += _frame(mine, prompts, mode, file.elicitation.orders)
    if any(p.persona for p in people):
        blocks.append(_personas(people))
        with_one = next(p for p in people if p.persona)
        first = prompts_for(with_one, prompts)[0]
        blocks.append(Listing(f"With a context ({with_one.id}), prompt {first.id}", _seen(with_one, Wording(first))))
    return [*blocks, *_few_shot(evidence, people, prompts), *_neutral(evidence, people)]


def _frame(mine: list[Respondent], prompts: list[Prompt], mode: str, orders: int) -> list[Block]:
    plain = Respondent(mine[0].model, mine[0].temperature, mine[0].top_p, None, mine[0].language)
    ours = prompts_for(plain, prompts)
    names = ", ".join(dict.fromkeys(p.model.id for p in mine))
    which = f", {plain.language}" if plain.language != "en" else ""
    name = f"elicit-prompts-{mode}" + (f"-{plain.language}" if which else "")
    caption = f"{'Chat' if mode == 'chat' else 'Completion'} frame{which}, seen by {names}"
    heads = (Column("prompt", code=True), Column("text", wide=True))
    rows: list[list[str]] = [[p.id, _seen(plain, Wording(p))] for p in ours]
    found: list[Block] = [Table(name, caption, heads, [list(row) for row in rows], _SENT[mode])]
    turned = [[p.id, _seen(plain, Wording(p, 1))] for p in ours if p.reordered]
    if orders > 1 and turned:
        note = f"Order 1 of the same prompts. {_SENT[mode]}"
        found.append(Table(f"{name}-reordered", f"{caption}, reordered", heads, [list(row) for row in turned], note))
    return found


def _seen(respondent: Respondent, wording: Wording) -> str:
    if respondent.model.mode == "completion":
        return completion_text(respondent, wording)
    chat = messages(respondent, wording)
    return chat[0][1] if len(chat) == 1 else "\n".join(f"{role}: {text}" for role, text in chat)


def _personas(people: list[Respondent]) -> Table:
    held = {p.persona.id: p.persona for p in people if p.persona}
    rows: list[list[str]] = [[p.id, p.text, p.completion or p.text] for p in held.values()]
    heads = (
        Column("context", code=True),
        Column("chat: system message", wide=True),
        Column("completion: opening", wide=True),
    )
    note = "A respondent without a context gets neither. In the completion frame the prompt follows on the same line."
    return Table("elicit-contexts", "The contexts", heads, [list(row) for row in rows], note)


def _few_shot(evidence: Evidence, people: list[Respondent], prompts: list[Prompt]) -> list[Block]:
    how = evidence.file.elicitation
    sets = load_examples(how.few_shot, evidence.study.folder)
    shown_to = [p for p in people if p.model.mode == "completion"]
    if not sets or not shown_to:
        return []
    rows = [[one.id, show(one, how.few_shot_frame, 0)] for one in sets]
    heads = (Column("set", code=True), Column("as shown", wide=True))
    note = "Above the prompt, on a line of its own. In every further order the examples are turned one further."
    who = shown_to[0]
    first = prompts_for(who, prompts)[0]
    wording = Wording(first, 0, sets[0].id, show(sets[0], how.few_shot_frame, 0))
    return [
        Table("elicit-example-sets", "Example sets", heads, [list(row) for row in rows], note),
        Listing(f"With examples ({sets[0].id}; {who.id}), prompt {first.id}", _seen(who, wording)),
    ]


def _neutral(evidence: Evidence, people: list[Respondent]) -> list[Block]:
    scored = evidence.table("responses")
    if "logprob" not in modes_of(scored):
        return []
    frames = load_neutral(evidence.file.elicitation.prompts, evidence.study.folder)
    rows = []
    for mode in ("chat", "completion"):
        who = next((p for p in people if p.model.mode == mode), None)
        if who is not None:
            plain = Respondent(who.model, None, None, None, who.language)
            prompt = prompts_for(plain, [f.model_copy(update={"language": who.language}) for f in frames])[0]
            rows.append([mode, _seen(plain, Wording(prompt))])
    heads = (Column("frame", code=True), Column("text", wide=True))
    note = (
        "Log-probability mode scores every word after each prompt above and after this text, and takes the latter out. "
        "Contexts and examples stand before it as they do before the prompts."
    )
    return [Table("elicit-neutral", "The neutral frame", heads, [list(row) for row in rows], note)]
