"""Linear equations with a positive definite matrix: the only file that asks scipy to solve them.

One thread of the linear algebra is the fastest for matrices of this size, and the only number for
which two runs are equal to the last bit; `one_thread` sees to it for a whole run. Pure.
"""

from contextlib import AbstractContextManager
from importlib import import_module

import numpy as np
from threadpoolctl import threadpool_limits

from cloud.forecast.arrays import FloatArray

_LINALG = "scipy.linalg"
"""Loaded by the first who solves: 20 MB, which the hub itself has no use for."""


def solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return x of ``matrix @ x = right``; `matrix`, symmetric and positive definite, is destroyed.

    Raises numpy.linalg.LinAlgError where it is not positive definite.
    """
    linalg = import_module(_LINALG)
    # Rows of a symmetric matrix are its columns, and LAPACK wants columns: no copy is made.
    factor = linalg.cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(linalg.cho_solve(factor, right, check_finite=False))


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which the linear algebra, and the trees, of this process use one core.

    Only libraries are reached that are loaded when it is entered: the solver is, then.
    """
    import_module(_LINALG)
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
