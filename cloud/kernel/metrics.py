"""The hub's numbers for Prometheus: the one file that knows its library."""

from collections.abc import Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Return a number that only rises; make it once, when the module is loaded."""
    return Counter(name, text, labels, registry=REGISTRY)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Return a number that goes up and down."""
    return Gauge(name, text, labels, registry=REGISTRY)


def histogram(
    name: str, text: str, buckets: Sequence[float], labels: Sequence[str] = ()
) -> Histogram:
    """Return how often values fell into which bucket."""
    return Histogram(name, text, labels, buckets=buckets, registry=REGISTRY)


def render() -> bytes:
    """Return all of them in the text format."""
    return generate_latest(REGISTRY)
