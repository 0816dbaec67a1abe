"""drivers.mqtt.sparkplug.payload against Eclipse Tahu's own library for Node, from npm."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload, Raw
from tests.support.npm import fetched, needs_node

PACKAGE = "sparkplug-payload@1.0.3"
PEER = Path(__file__).with_name("tahu_peer.js")
VALUES: list[tuple[str, DataType, Raw]] = [
    ("Int8", DataType.INT8, -128),
    ("Int16", DataType.INT16, -2),
    ("Int32", DataType.INT32, -2_000_000_000),
    ("UInt8", DataType.UINT8, 255),
    ("UInt16", DataType.UINT16, 65_535),
    ("UInt32", DataType.UINT32, 4_000_000_000),
    ("UInt64", DataType.UINT64, 2**40),
    ("Float", DataType.FLOAT, -12.5),
    ("Double", DataType.DOUBLE, 49.987),
    ("Boolean", DataType.BOOLEAN, True),
    ("String", DataType.STRING, "Ladezustand"),
    ("Text", DataType.TEXT, "°C"),
]

pytestmark = [pytest.mark.slow, needs_node]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the peer's library lies, fetched as npm fetches it."""
    folder = fetched(PACKAGE, tmp_path_factory.mktemp("node"))
    shutil.copy(PEER, folder)
    return folder


def ask(folder: Path, question: object) -> str:
    run = subprocess.run(
        ["node", PEER.name],
        cwd=folder,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_the_peer_writes_is_what_we_read(peer: Path) -> None:
    metrics: list[dict[str, object]] = [
        {
            "name": name,
            "alias": 100 + n,
            "type": name,
            "value": value,
            "timestamp": 1_700_000_000_000,
        }
        for n, (name, _, value) in enumerate(VALUES)
    ]
    metrics.append({"name": "none", "type": "Double", "value": None})
    told = {"timestamp": 1_700_000_000_001, "seq": 255, "metrics": metrics}
    found = payload.decode(bytes.fromhex(ask(peer, {"encode": told})))
    assert (found.at_ms, found.seq) == (1_700_000_000_001, 255)
    *known, none = found.metrics
    for (name, kind, value), metric, alias in zip(VALUES, known, range(100, 200), strict=False):
        assert (metric.name, metric.kind, metric.value, metric.alias) == (name, kind, value, alias)
        assert metric.at_ms == 1_700_000_000_000
    assert (none.name, none.value) == ("none", None)


def test_what_we_write_is_what_the_peer_reads(peer: Path) -> None:
    ours = [row for row in VALUES if row[1] is not DataType.UINT32]  # see the codec's docstring
    metrics = [
        Metric(name=name, alias=100 + n, kind=kind, value=value, at_ms=1_700_000_000_000, unit="kW")
        for n, (name, kind, value) in enumerate(ours)
    ]
    told = Payload(at_ms=1_700_000_000_001, seq=7, metrics=(*metrics, Metric(name="none", kind=10)))
    found = json.loads(ask(peer, {"decode": payload.encode(told).hex()}))
    assert (found["timestamp"], found["seq"]) == (1_700_000_000_001, 7)
    *known, none = found["metrics"]
    for (name, _, value), metric in zip(ours, known, strict=True):
        assert (metric["name"], metric["type"], metric["value"]) == (name, name, value)
        assert metric["properties"]["engUnit"]["value"] == "kW"
    assert (none["name"], none["value"]) == ("none", None)
