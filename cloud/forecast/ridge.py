"""Ridge regression on whole days: 24 hours share one factorisation. Pure.

Source: Hoerl and Kennard, Technometrics 12:55 (1970); averaged over windows as in Marcjasz,
Serafin, Weron, Energies 11:2364 (2018).
"""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.linear import solved
from cloud.forecast.windows import Window


def ridge(rows: Window, penalty: float) -> FloatArray:
    """Return 24 prices in EUR/MWh; `penalty` > 0 weighs the squares of the coefficients."""
    inputs = np.concatenate([rows.values, rows.marks], axis=1)
    day = np.concatenate([rows.day_values, rows.day_marks])
    middle, level = inputs.mean(axis=0), rows.wanted.mean(axis=0)
    scaled = level + (day - middle) @ coefficients(inputs - middle, rows.wanted - level, penalty)
    return rows.price_scaling.back(scaled)


def coefficients(inputs: FloatArray, wanted: FloatArray, penalty: float) -> FloatArray:
    """Return B, shape (columns, targets), of centred inputs; by the smaller of the two systems."""
    count, columns = inputs.shape
    if count >= columns:
        gram = inputs.T @ inputs
        gram[np.diag_indices(columns)] += penalty
        return solved(gram, inputs.T @ wanted)
    gram = inputs @ inputs.T
    gram[np.diag_indices(count)] += penalty
    return np.asarray(inputs.T @ solved(gram, wanted))
