"""Numbers and lists as words. Rounding happens here and nowhere below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import Any

NONE = "–"
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def number(value: Any, digits: int = 2) -> str:
    """Return a number with a true minus sign; a missing one is a dash."""
    if is_missing(value):
        return NONE
    text = f"{float(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def whole(value: Any) -> str:
    return number(value, 0)


def percent(share: Any, digits: int = 1) -> str:
    return NONE if is_missing(share) else f"{number(100 * float(share), digits)}\u00a0%"


def p_value(p: Any) -> str:
    if is_missing(p):
        return NONE
    return "< 0.001" if float(p) < 0.001 else number(p, 3)


def p_phrase(p: Any) -> str:
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Return ``[low, high]``, or a dash where there is none."""
    return NONE if is_missing(low) or is_missing(high) else f"[{number(low, digits)}, {number(high, digits)}]"


def percent_interval(low: Any, high: Any) -> str:
    return NONE if is_missing(low) or is_missing(high) else f"[{number(100 * low, 1)}, {number(100 * high, 1)}]"


def size(parameters: Any) -> str:
    """Return a parameter count as people say it: 134.5 million, 7 billion."""
    if is_missing(parameters):
        return "unknown size"
    value = float(parameters)
    for unit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= unit:
            return f"{value / unit:.4g} {name}"
    return f"{value:,.0f}"


def count(n: int, noun: str, plural: str = "") -> str:
    """Return ``1 answer``, ``600 answers``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def spelled(n: int) -> str:
    """Return a small number as a word, to begin a sentence with."""
    return (_WORDS[n] if 0 <= n < len(_WORDS) else f"{n:,}").capitalize()


def listed(items: Iterable[str], limit: int = 12) -> str:
    """Return ``a, b and c``; what is past `limit` is counted."""
    names = list(items)
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def is_missing(value: Any) -> bool:
    # pandas.NA refuses to be compared: anything that is no number is missing here.
    try:
        return value is None or math.isnan(float(value))
    except (TypeError, ValueError):
        return True


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return Wilson's (1927) score interval of a proportion, or None for n = 0."""
    if n == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends rounding may push a bound past 0 or 1, and the exact bound is 0 or 1.
    return (0.0 if k == 0 else middle - half, 1.0 if k == n else middle + half)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float | None, float | None, float | None]:
    """Return mean and t interval; None for what too few values leave open."""
    if not len(values):
        return None, None, None
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, None, None
    from scipy.stats import t

    se = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
    half = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * se
    return mean, mean - half, mean + half


def plain_settings(section: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return a pydantic section as (key, value) rows, nested keys dotted, long lists counted."""
    values: Mapping[str, Any] = section if isinstance(section, Mapping) else section.model_dump(mode="json")
    rows = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            rows += plain_settings(value, f"{prefix}{key}.")
        elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
            rows.append((f"{prefix}{key}", f"{len(value)} entries, in the study file below"))
        elif isinstance(value, list):
            rows.append((f"{prefix}{key}", ", ".join("none" if v is None else str(v) for v in value) or "none"))
        else:
            rows.append((f"{prefix}{key}", "none" if value in (None, {}) else str(value)))
    return rows
