"""One BLAS thread inside fits: factor analysis is many small decompositions, and two threads made p = 500 slower."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def single_thread(*, learning: bool = True) -> Iterator[None]:
    """One thread for all that is computed inside, scikit-learn's k-means too: the last bits of a sum do not depend on cores.

    A limit holds for libraries that are there when it is set: scikit-learn's OpenMP is loaded first, else it runs unbounded,
    ten times slower where cores are shared.

    Parameters
    ----------
    learning : bool
        Whether scikit-learn may be used inside; loading it takes most of a second.
    """
    if learning:
        import sklearn.cluster
        import sklearn.metrics  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
