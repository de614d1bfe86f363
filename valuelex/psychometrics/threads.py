"""One BLAS thread inside fits: factor analysis is many small decompositions, and two threads made p = 500 slower."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


@lru_cache(maxsize=1)
def _controller() -> Any:
    # Finding the libraries takes milliseconds, setting their threads microseconds: look once, when both are loaded.
    import scipy.linalg  # noqa: F401 - scipy brings its own BLAS beside numpy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread(function: Function) -> Function:
    """Run `function` with one BLAS thread; the former number is restored afterwards, also after an error."""

    @wraps(function)
    def limited(*arguments: Any, **options: Any) -> Any:
        with _controller().limit(limits=1):
            return function(*arguments, **options)

    return cast(Function, limited)
