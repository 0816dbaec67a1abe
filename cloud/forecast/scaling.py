"""Columns to a common, tame scale and back: asinh of the distance to the median. Pure.

Estimated on the calibration window alone, every day anew. The way back gives a median: right for
absolute error and quantiles, biased for a mean.

Source: Uniejewski, Weron, Ziel, IEEE Trans. Power Systems 33:2219 (2018).
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray

SCALED_MAX = 8.0
"""Beyond it sinh explodes: what comes back is cut there, about 1,490 deviations away."""
_NORMAL_MAD = 0.6745
"""Median absolute deviation of the standard normal distribution."""
_FLAT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Middle and width of each column."""

    middle: FloatArray
    width: FloatArray

    def there(self, values: FloatArray) -> FloatArray:
        """Return scaled values; shape (..., columns)."""
        return np.asarray(np.arcsinh((values - self.middle) / self.width))

    def back(self, scaled: FloatArray) -> FloatArray:
        """Return values in their own unit."""
        cut = np.clip(scaled, -SCALED_MAX, SCALED_MAX)
        return np.asarray(np.sinh(cut) * self.width + self.middle)


def scaling(values: FloatArray) -> Scaling:
    """Return the scaling of the columns of `values`, shape (rows, columns), rows >= 1.

    A column that never moves gets the width 1.
    """
    middle = np.median(values, axis=0)
    width = np.median(np.abs(values - middle), axis=0) / _NORMAL_MAD
    return Scaling(middle, np.where(width < _FLAT, 1.0, width))
