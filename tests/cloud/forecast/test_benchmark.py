"""The members on the open benchmark for EPEX-DE: the figures of the full run, on a day in 28.

The full run of 728 days is `bench forecast --data FILE`; it rebuilds ridge 3.691 and kernels 3.441
and 3.488 EUR/MWh. These are the errors of the same run on 26 of its days.
"""

from dataclasses import replace

import numpy as np
import pytest

from cloud.forecast.configuration import DAY_AHEAD, Forest
from cloud.forecast.layouts import benchmark, table
from cloud.forecast.linear import one_thread
from cloud.forecast.members import Members
from tests.conftest import SHARED

DAYS = range(1456, 2184, 28)
WITHOUT_TREES = tuple(
    (member, weight)
    for member, weight in zip(DAY_AHEAD.members, DAY_AHEAD.weights, strict=True)
    if not isinstance(member, Forest)
)
MAE = {
    "kernel-1456": 3.6381,
    "kernel-364": 3.5771,
    "ridge-56": 4.9218,
    "ridge-84": 4.8269,
    "ridge-364": 4.0308,
    "ridge-1092": 3.8133,
    "ridge-1456": 3.8756,
    "lasso-56": 4.7703,
    "lasso-84": 4.8044,
    "mean-7": 8.5288,
}


@pytest.mark.shared
def test_all_members_but_trees_have_the_errors_of_the_full_run() -> None:
    content = (SHARED / "data/prices/epf_DE.csv.gz").read_bytes()
    days = benchmark(table(content), "DE")
    members, weights = zip(*WITHOUT_TREES, strict=True)
    at_work = Members(days, replace(DAY_AHEAD, members=members, weights=weights))
    with one_thread():
        told = np.array([at_work.told(day) for day in DAYS])
    errors = np.abs(told - days.prices[list(DAYS)][:, None]).mean(axis=(0, 2))
    found = {member.name: float(error) for member, error in zip(members, errors, strict=True)}
    assert found == pytest.approx(MAE, abs=5e-4)
