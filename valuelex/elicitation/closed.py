"""Closed mode: the answer may hold only words of a declared vocabulary, enforced by the endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from valuelex.errors import StudyFileError
from valuelex.tables import own_or_packaged, read_frame


def load_vocabulary(source: str, folder: Path) -> list[str]:
    """Return the declared words, sorted, from instruments/lexicon/ or a CSV file with a column `word`."""
    path = own_or_packaged(source, "lexicon", ".csv", folder)
    data = read_frame(path)
    if "word" not in data.columns:
        raise StudyFileError(f"{path}: column word is missing.", "The vocabulary is a CSV file with one word per row.")
    words = sorted({str(w).strip() for w in data["word"].dropna() if str(w).strip()})
    odd = [w for w in words if any(c in w for c in '"\\\n')]
    if not words or odd:
        what = f"'{odd[0]}' holds a quotation mark or backslash" if odd else "it holds no words"
        raise StudyFileError(f"{path}: {what}.", "A vocabulary is plain words, one per row, in the column word.")
    return words


def constraint(words: list[str], n: int, how: Literal["grammar", "json_schema", "none"]) -> dict[str, Any]:
    """Return the request parameters that hold an answer to `n` words of the vocabulary.

    A GBNF grammar gives ``word, word, ...``; a JSON schema gives ``{"values": [word, ...]}``. Words can repeat: forbidding it
    would force a model to go on naming values that it has no more of.

    Raises
    ------
    StudyFileError
        If the endpoint can be held to neither.
    """
    if how == "grammar":
        choice = " | ".join(f'"{word}"' for word in words)
        return {"grammar": f'root ::= " "? word (", " word){{{n - 1}}}\nword ::= {choice}\n'}
    if how == "json_schema":
        items = {"type": "array", "items": {"type": "string", "enum": words}, "minItems": n, "maxItems": n}
        schema = {
            "type": "object",
            "properties": {"values": items},
            "required": ["values"],
            "additionalProperties": False,
        }
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "values", "strict": True, "schema": schema},
            }
        }
    raise StudyFileError(
        "elicitation.modes: closed needs an endpoint with grammar or JSON schema, and a model has structured: none.",
        "Remove closed from elicitation.modes, or say what the endpoint takes with 'structured'.",
    )
