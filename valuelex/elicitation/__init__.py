"""Step 1, ``valuelex elicit``: many configurations of many models name their values."""

from valuelex.elicitation.closed import load_vocabulary
from valuelex.elicitation.examples import load_examples, shown_words
from valuelex.elicitation.plan import Item, offered, plan
from valuelex.elicitation.prompts import Wording, load_prompts
from valuelex.elicitation.respondents import Respondent, respondents
from valuelex.elicitation.run import Counter, run
from valuelex.elicitation.settings import ElicitationSettings, ExampleSet, Persona, Prompt, RespondentSettings, StopRule

__all__ = [
    "Counter",
    "ElicitationSettings",
    "ExampleSet",
    "Item",
    "Persona",
    "Prompt",
    "Respondent",
    "RespondentSettings",
    "StopRule",
    "Wording",
    "load_examples",
    "load_prompts",
    "load_vocabulary",
    "offered",
    "plan",
    "respondents",
    "run",
    "shown_words",
]
