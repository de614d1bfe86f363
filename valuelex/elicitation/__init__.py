"""Step 1, ``valuelex elicit``: many configurations of many models name their values."""

from valuelex.elicitation.prompts import load_prompts
from valuelex.elicitation.respondents import Respondent, respondents
from valuelex.elicitation.run import Item, plan, run
from valuelex.elicitation.settings import ElicitationSettings, Persona, Prompt, RespondentSettings

__all__ = [
    "ElicitationSettings",
    "Item",
    "Persona",
    "Prompt",
    "Respondent",
    "RespondentSettings",
    "load_prompts",
    "plan",
    "respondents",
    "run",
]
