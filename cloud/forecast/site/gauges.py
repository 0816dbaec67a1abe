"""Numbers of the forecasts of sites for Prometheus; single sites are not labels of them."""

from cloud.kernel import metrics

_OF = "pho_forecast_site"
_issued = metrics.counter("pho_forecast_site_issued", "forecasts of sites that were made")
_failed = metrics.counter("pho_forecast_site_failed", "sites whose forecast killed its process")
_waiting = metrics.gauge("pho_forecast_site_waiting", "sites that are due")
_newest = metrics.gauge(f"{_OF}_last_seconds", "when the last one was made, Unix time")
_rmae = metrics.gauge(f"{_OF}_rmae", "errors of 14 days by those of a week before", ("of",))
_coverage = metrics.gauge(f"{_OF}_coverage80", "inside the 80 % interval, 14 days", ("of",))


def issued(at_us: int) -> None:
    _issued.inc()
    _newest.set(at_us / 1e6)


def failed() -> None:
    _failed.inc()


def waiting(sites: int) -> None:
    _waiting.set(sites)


def scored(of: str, rmae: float | None, coverage80: float | None) -> None:
    """Tell how good the last two weeks were; what is not known keeps its last number."""
    if rmae is not None:
        _rmae.labels(of).set(rmae)
    if coverage80 is not None:
        _coverage.labels(of).set(coverage80)
