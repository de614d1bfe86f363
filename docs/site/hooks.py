"""Links that leave the documentation (a notebook, a file of the code) become plain names: the site stands on its own."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page's text with such links as their words alone."""
    return _OUTSIDE.sub(r"\1", markdown)
