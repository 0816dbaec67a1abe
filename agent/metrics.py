"""The box's figures for Prometheus, made from the page's document when they are asked for."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_US_PER_S = 1e6


def render(picture: dict[str, Any]) -> bytes:
    """Return the exposition text of one picture (see `agent.gateway.picture`)."""
    registry = CollectorRegistry()
    registry.register(_Box(picture))
    return generate_latest(registry)


class _Box(Collector):
    def __init__(self, picture: dict[str, Any]) -> None:
        self._picture = picture

    def collect(self) -> Iterator[Metric]:
        picture = self._picture
        yield _gauge("linked", "1 while control is connected to the gateway", picture["linked"])
        yield from self._control()
        yield from self._devices()
        yield from self._values()
        yield from self._hub()
        yield from self._buffer()

    def _control(self) -> Iterator[Metric]:
        control = self._picture["control"]
        if control is None:
            return
        yield _gauge("setpoint_kw", "setpoint decided, + is discharge", control["setpoint_kw"])
        yield _gauge("schedule_kw", "scheduled power, + is discharge", control["schedule_kw"])
        yield _gauge("response_kw", "frequency response, + is discharge", control["response_kw"])
        yield _counter("beats", "control cycles since its start", control["beats"])
        yield _counter("missed_beats", "cycles that could not start on time", control["missed"])
        yield _counter("outbox_dropped", "samples control had to drop", control["dropped"])
        yield _gauge("status_age_s", "age of control's picture", self._age_s(control["at_us"]))

    def _devices(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "phoenyra_agent_device_up", "1 while the device answers", labels=["device"]
        )
        for device in self._picture["devices"]:
            up.add_metric([device["id"]], float(device["connected"]))
        yield up

    def _values(self) -> Iterator[Metric]:
        labels = ["device", "point"]
        value = GaugeMetricFamily("phoenyra_agent_value", "newest value of a point", labels=labels)
        age = GaugeMetricFamily("phoenyra_agent_value_age_s", "age of the value", labels=labels)
        for row in self._picture["values"]:
            names = [row["device"], row["point"]]
            age.add_metric(names, self._age_s(row["at_us"]))
            if row["v"] is not None:
                value.add_metric(names, row["v"])
        yield value
        yield age

    def _hub(self) -> Iterator[Metric]:
        hub = self._picture["hub"]
        yield _gauge("hub_connected", "1 while the hub answers", hub["connected"])
        yield _gauge("hub_clock_off_s", "hub's clock ahead", hub["clock_off_us"] / _US_PER_S)
        if hub["acked_us"] is not None:
            yield _gauge("acknowledged_age_s", "since the last yes", self._age_s(hub["acked_us"]))

    def _buffer(self) -> Iterator[Metric]:
        buffer = self._picture["buffer"]
        yield _gauge("buffer_blocked", "1 while nothing can be stored", bool(buffer["trouble"]))
        yield _gauge("buffer_bytes_max", "limit of the buffer", buffer["bytes_max"])
        if buffer["unsent"] is not None:
            yield _gauge("buffer_unsent", "values the hub does not have", buffer["unsent"])
            yield _gauge("buffer_bytes", "bytes the hub does not have", buffer["bytes"])
            yield _counter("buffer_dropped", "values dropped when full", buffer["dropped"])
        if buffer["from_us"] is not None:
            yield _gauge("buffer_oldest_age_s", "of what waits", self._age_s(buffer["from_us"]))
        if buffer["gaps"] is not None:
            yield _gauge("buffer_gaps", "rows of the gap ledger", buffer["gaps"])
            yield _gauge("buffer_quarantined", "frames set aside", buffer["quarantined"])
        if buffer["written_bytes_day"] is not None:
            text = "given to the disk by the gateway, in a day"
            yield _gauge("disk_written_bytes_day", text, buffer["written_bytes_day"])

    def _age_s(self, at_us: int) -> float:
        return float(self._picture["now_us"] - at_us) / _US_PER_S


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"phoenyra_agent_{name}", text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"phoenyra_agent_{name}", text, value=float(value))
