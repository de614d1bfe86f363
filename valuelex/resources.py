"""Finding instruments/: prompts, stems, manuals, lexicon, registry, ready studies.

A wheel carries the folder inside the package; an editable install or a checkout has it at the repository's root. The packaged
copy is looked for first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def instruments() -> Path:
    """Return the folder instruments/.

    Raises
    ------
    FileNotFoundError
        If neither the installed package nor the checkout holds it.
    """
    package = Path(__file__).parent
    for folder in (package / "instruments", package.parent / "instruments"):
        if (folder / "models.yaml").is_file():
            return folder
    raise FileNotFoundError(f"instruments/ is neither in {package} nor beside it: install valuelex again")


def find(*parts: str) -> Path:
    """Return a file of instruments/; raise `FileNotFoundError` that lists what is there when it is missing."""
    path = instruments().joinpath(*parts)
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in path.parent.glob(f"*{path.suffix}"))) or "nothing"
        raise FileNotFoundError(f"instruments/{'/'.join(parts)} does not exist; there are: {there}")
    return path
