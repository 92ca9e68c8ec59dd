"""Loops over samples, compiled to machine code when they are first called.

What NumPy needs a dozen passes for, each through the whole cache, is one pass here. Loops are plain
functions, and so they can be read, typed and tested; numba compiles each once and keeps the result
on disk: beside the module, or in the user's cache directory, or where ``NUMBA_CACHE_DIR`` says.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

Loop = TypeVar("Loop", bound=Callable[..., Any])

_REORDERED_SUMS = ("reassoc", "contract", "nsz")
"""Sums in vectors, of eight at a time and more; infinity and NaN stay what they are."""


def compiled(loop: Loop) -> Loop:
    """Return a loop as machine code.

    Parameters
    ----------
    loop : function
        Of numbers and arrays, defined at the top of its module, without keywords or defaults.
        Arguments are to have the same types in all calls, for each combination of types is
        compiled by itself.

    Returns
    -------
    function
        The same one for the same loop. It lets go of the interpreter's lock.
    """
    machine_code: Loop = _dispatcher(loop)
    return machine_code


@lru_cache(maxsize=32)
def _dispatcher(loop: Callable[..., Any]) -> Any:
    # Half a second and 55 MB, which only those who compute features of windows are to spend.
    import numba  # noqa: PLC0415

    reordered = set(_REORDERED_SUMS)
    try:
        return numba.njit(loop, cache=True, fastmath=reordered, nogil=True, error_model="numpy")
    except RuntimeError:  # there is no directory for it that can be written to
        return numba.njit(loop, fastmath=reordered, nogil=True, error_model="numpy")
