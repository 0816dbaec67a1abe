"""Numbers of the forecasts for Prometheus, set when something is issued or scored."""

import json
from typing import Any

from cloud.forecast.service.model import Forecast, Kind
from cloud.kernel import metrics

_HOUR_US = 3_600_000_000
_OF = "pho_forecast"
_jobs = metrics.counter("pho_forecast_jobs", "forecasts that were computed", ("type",))
_failed = metrics.counter("pho_forecast_jobs_failed", "jobs that failed", ("type",))
_VALUES = {
    "price_eur_mwh": metrics.gauge(
        "pho_forecast_price_eur_mwh", "mean of the last forecast", ("area", "horizon")
    ),
    "load_mw": metrics.gauge(
        "pho_forecast_load_mw", "mean of the last forecast", ("area", "horizon")
    ),
    "gen_solar_mw": metrics.gauge(
        "pho_forecast_solar_mw", "mean of the last forecast", ("area", "horizon")
    ),
    "gen_wind_mw": metrics.gauge(
        "pho_forecast_wind_mw", "mean of the last forecast", ("area", "horizon")
    ),
}
_ages = metrics.gauge(
    f"{_OF}_input_age_seconds", "of the newest value that was read", ("area", "series")
)
_weights = metrics.gauge(
    "pho_forecast_member_weight", "in the last day-ahead forecast", ("area", "member")
)
_mae = metrics.gauge("pho_forecast_mae_eur_mwh", "of the last 14 scored days", ("area",))
_coverage = metrics.gauge(
    "pho_forecast_coverage80", "share of prices inside the 80 % interval, 60 days", ("area",)
)
_soon_mae = metrics.gauge(
    f"{_OF}_intraday_mae_eur_mwh", "of the last 14 scored days of intraday runs", ("area",)
)
_soon_last = metrics.gauge(
    f"{_OF}_intraday_last_price_mae_eur_mwh", "of the last price, the same days", ("area",)
)
_soon_coverage = metrics.gauge(
    f"{_OF}_intraday_coverage80", "share of prices inside the 80 % interval, 60 days", ("area",)
)
_alarm = metrics.gauge("pho_forecast_alarm", "1 while it stands", ("area", "code"))


def issued(forecast: Forecast) -> None:
    """Show a forecast; what it does not know is not shown."""
    request = forecast.request
    _jobs.labels(request.kind.value).inc()
    hours = round((request.end_us - request.start_us) / _HOUR_US)
    horizon = f"{hours if request.kind.value == 'intraday' else round(hours / 24) * 24}h"
    rows: list[dict[str, Any]] = json.loads(forecast.series)
    for name, gauge in _VALUES.items():
        known = [row[name] for row in rows if row[name] is not None]
        if known:
            gauge.labels(request.area, horizon).set(sum(known) / len(known))
        else:  # nothing rather than what was known of another day
            gauge.labels(request.area, horizon).set(float("nan"))
    for series, age_s in forecast.data_age_s.items():
        _ages.labels(request.area, series).set(age_s)
    if request.kind is not Kind.DAYAHEAD:
        return
    for member, weight in forecast.weights.items():
        _weights.labels(request.area, member).set(weight)


def failed(kind: str) -> None:
    _failed.labels(kind).inc()


def scored(area: str, mae: float | None, coverage80: float | None) -> None:
    for gauge, value in ((_mae, mae), (_coverage, coverage80)):
        if value is not None:
            gauge.labels(area).set(value)


def scored_soon(
    area: str, mae: float | None, last_mae: float | None, coverage80: float | None
) -> None:
    """Show how good the runs of the next hours were; what is not known is not shown."""
    for gauge, value in ((_soon_mae, mae), (_soon_last, last_mae), (_soon_coverage, coverage80)):
        if value is not None:
            gauge.labels(area).set(value)


def alarmed(area: str, code: str, *, stands: bool) -> None:
    _alarm.labels(area, code).set(float(stands))
