"""Linear equations with a positive definite matrix: the only file that asks scipy to solve them.

One thread of the linear algebra is the fastest for matrices of this size, and the only number for
which two runs are equal to the last bit; `one_thread` sees to it for a whole run. Pure.
"""

from contextlib import AbstractContextManager

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from cloud.forecast.arrays import FloatArray


def solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return x of ``matrix @ x = right``; `matrix`, symmetric and positive definite, is destroyed.

    Raises numpy.linalg.LinAlgError where it is not positive definite.
    """
    # Rows of a symmetric matrix are its columns, and LAPACK wants columns: no copy is made.
    factor = cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, right, check_finite=False))


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which the linear algebra, and the trees, of this process use one core.

    Only libraries are reached that are loaded when it is entered.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
