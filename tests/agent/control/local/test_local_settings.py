"""[connection] and [local]: nothing is limited or wanted that is not said; one line per mistake."""

from typing import Any

import pytest
from pydantic import ValidationError

from agent.control.local.config import ConnectionSettings, LocalSettings


def _refusal(section: Any, values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        section.model_validate(values)
    (error,) = refused.value.errors(include_url=False)
    return ".".join(str(part) for part in error["loc"]) + ": " + error["msg"]


def test_without_settings_nothing_is_limited_and_nothing_is_wanted() -> None:
    assert not ConnectionSettings().limited
    local = LocalSettings()
    assert local.self_consumption is None
    assert local.peak_shaving is None
    assert (local.calendar, local.prices, local.backup) == ((), None, None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"import_kw_max": -1}, "import_kw_max: Input should be greater than or equal to 0"),
        ({"feed_in_share": 0.7}, "pv_installed_kw: is missing; feed_in_share is a share of it"),
        ({"unknown": 1}, "unknown: Extra inputs are not permitted"),
        ({"phase_a_max": float("nan")}, "phase_a_max: Input should be less than or equal"),
    ],
)
def test_a_wrong_connection_is_one_line(values: dict[str, Any], said: str) -> None:
    assert said in _refusal(ConnectionSettings, values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"timezone": "Berlin"}, "timezone: Value error, a name such as Europe/Berlin is expected"),
        ({"timezone": "../etc/passwd"}, "a name such as Europe/Berlin is expected"),
        ({"order": ["calendar", "calendar"]}, "order: Value error, each strategy once is expected"),
        ({"peak_shaving": {"peak_kw": 0}}, "peak_shaving.peak_kw: Input should be greater than 0"),
        (
            {"prices": {"charge_below_eur_mwh": 50, "discharge_above_eur_mwh": 40}},
            "charge_below_eur_mwh: 50.0 is not allowed; at most discharge_above_eur_mwh 40.0",
        ),
        (
            {"calendar": [{"name": "x", "soc_min_pct": 90, "soc_max_pct": 10}]},
            "soc_min_pct: 90.0 is not allowed; at most soc_max_pct 10.0 is expected",
        ),
        ({"calendar": [{"name": "x", "start": "25:00"}]}, "start: String should match pattern"),
    ],
)
def test_wrong_strategies_are_one_line(values: dict[str, Any], said: str) -> None:
    assert said in _refusal(LocalSettings, values)
