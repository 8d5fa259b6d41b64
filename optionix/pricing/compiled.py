"""How the kernels of this package are compiled: by numba, on first use, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., object])
Number = TypeVar("Number", bound=np.generic)


def kernel(function: Kernel) -> Kernel:
    """Compile a function of scalars and arrays; division by zero gives infinity or nan, as in numpy.

    The machine code is kept beside the source, or in numba's cache folder (`NUMBA_CACHE_DIR`). On a read-only
    installation without one it is made anew by each process, which takes some seconds at the first call.
    """
    try:
        return cast(Kernel, njit(cache=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(Kernel, njit(error_model="numpy")(function))


def flat(shape: tuple[int, ...], value: ArrayLike, dtype: type[Number]) -> NDArray[Number]:
    """A value spread over a shape as the one kind of array that kernels are compiled for: flat, dense, writeable."""
    array: NDArray[Number] = np.asarray(value, dtype=dtype)
    if array.shape != shape:
        array = np.broadcast_to(array, shape)
    return np.require(array, requirements=["C", "W"]).reshape(-1)


def common_shape(*values: ArrayLike) -> tuple[int, ...]:
    """The shape that values broadcast to.

    Raises
    ------
    ValueError
        When they do not fit together.
    """
    return np.broadcast_shapes(*(np.shape(value) for value in values))
