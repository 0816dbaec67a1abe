"""The hub's numbers for Prometheus; features register theirs on `REGISTRY`."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)


def render() -> bytes:
    """Return all of them in the text format."""
    return generate_latest(REGISTRY)
