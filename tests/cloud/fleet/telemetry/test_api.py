"""Periods in steps and as files, over the API; ground truth is what was sent."""

import csv
import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cloud.fleet.telemetry import export, queries, roller
from cloud.fleet.telemetry.queries import Step
from cloud.fleet.telemetry.rolls import DAY_US, HOUR_US, MINUTE_US, QUARTER_US
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import NOON_US, Box, add_key, add_site, client_of, clock_of, telemetry

SECOND_US = 1_000_000
PATH = "/api/v1/sites/werk-sued/telemetry"
NOON = "2026-11-21T12:00:00Z"


@pytest.fixture
async def viewer(hub: Hub, box: Box) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        yield client


@pytest.fixture
async def filled(box: Box, hub: Hub) -> None:
    """Five minutes at one sample a second, of two devices; half of it rolled up."""
    for first in (0, 150):
        for device, offset in (("a", 0), ("b", 1_000)):
            frames = [
                telemetry(
                    2 * n + (device == "b"),
                    NOON_US + n * SECOND_US,
                    device=device,
                    soc_pct=float(n + offset),
                    temp_c=None,
                )
                for n in range(first, first + 150)
            ]
            await box.upload(frames)
        if not first:
            clock_of(hub).at_us += roller.ROLL_AFTER_US
            assert await roller.turn(hub, SeriesBook(hub.database), "me")
    clock_of(hub).at_us = NOON_US + 300 * SECOND_US


@pytest.mark.usefixtures("filled")
async def test_a_step_shows_what_each_interval_was(viewer: httpx.AsyncClient) -> None:
    query = {"points": "battery.soc_pct", "from": NOON, "step": "1m"}
    answer = (await viewer.get(PATH, params=query)).json()
    assert (answer["step"], answer["next"], answer["complete"]) == ("1m", None, True)
    assert answer["columns"] == ["start_us", "mean", "min", "max", "last", "good", "n", "quality"]
    assert [(s["device"], s["point"], s["unit"]) for s in answer["points"]] == [
        ("a", "battery.soc_pct", "%"),
        ("b", "battery.soc_pct", "%"),
    ]
    for series, offset in zip(answer["points"], (0, 1_000), strict=True):
        assert series["samples"] == [
            [
                NOON_US + m * MINUTE_US,
                offset + 60 * m + 29.5,
                offset + 60 * m,
                offset + 60 * m + 59,
                offset + 60 * m + 59,
                60,
                60,
                0,
            ]
            for m in range(5)
        ]


@pytest.mark.usefixtures("filled")
async def test_a_point_without_a_good_number_has_none(viewer: httpx.AsyncClient) -> None:
    query = {"points": "battery.temp_c", "from": NOON, "step": "15m"}
    answer = (await viewer.get(PATH, params=query)).json()
    row = [NOON_US, None, None, None, None, 0, 300, 3]
    assert [series["samples"] for series in answer["points"]] == [[row], [row]]


@pytest.mark.usefixtures("filled")
async def test_the_step_is_chosen_when_asked_to(viewer: httpx.AsyncClient) -> None:
    query = {"points": "battery.soc_pct", "step": "auto"}
    for begin, step in (("2026-11-21T12:00:00Z", "raw"), ("2026-11-21T01:00:00Z", "1m")):
        answer = (await viewer.get(PATH, params=query | {"from": begin})).json()
        assert answer["step"] == step


@pytest.mark.parametrize(
    ("span_us", "step"),
    [
        (2_000 * SECOND_US, Step.RAW),
        (2_000 * SECOND_US + 1, Step.MINUTE),
        (DAY_US, Step.MINUTE),
        (20 * DAY_US, Step.QUARTER),
        (31 * DAY_US, Step.HOUR),
        (365 * DAY_US, Step.DAY),
        (100 * 365 * DAY_US, Step.DAY),
    ],
)
def test_no_chosen_step_gives_too_many_values(span_us: int, step: Step) -> None:
    assert queries.resolved(Step.AUTO, 0, span_us) is step
    assert queries.resolved(Step.HOUR, 0, span_us) is Step.HOUR


async def test_more_values_than_an_answer_may_have_cost_one_line(
    viewer: httpx.AsyncClient, filled: None
) -> None:
    query = {"from": "2020-01-01T00:00:00Z", "step": "1m"}
    answer = await viewer.get(PATH, params=query)
    assert answer.status_code == 422
    assert "a coarser step or an export is expected" in answer.json()["message"]


async def exported(client: httpx.AsyncClient, **query: str) -> list[dict[str, str]]:
    answer = await client.get(f"{PATH}/export", params={"from": NOON} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("page", [20_000, 7])
async def test_a_raw_file_has_every_sample_once_in_the_order_of_time(
    viewer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(export, "PAGE_VALUES", page)
    monkeypatch.setattr(export, "PAGE_CHUNKS", max(page, 50))
    rows = await exported(viewer, points="battery.soc_pct")
    assert [(r["device"], float(r["value"])) for r in rows] == [
        (device, float(n + offset))
        for n in range(300)
        for device, offset in (("a", 0), ("b", 1_000))
    ]
    assert rows[0] == {
        "time": NOON,
        "device": "a",
        "point": "battery.soc_pct",
        "unit": "%",
        "value": "0.0",
        "quality": "good",
    }


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("page", [20_000, 2])
async def test_a_rolled_up_file_has_every_interval_once(
    viewer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(export, "PAGE_VALUES", page)
    rows = await exported(viewer, step="1m", points="battery.soc_pct,battery.temp_c")
    assert len(rows) == 5 * 4
    assert [r["time"] for r in rows] == sorted(r["time"] for r in rows)
    assert rows[0] == {
        "time": NOON,
        "device": "a",
        "point": "battery.soc_pct",
        "unit": "%",
        "mean": "29.5",
        "min": "0.0",
        "max": "59.0",
        "last": "59.0",
        "good": "60",
        "n": "60",
        "quality": "good",
    }
    assert (rows[1]["mean"], rows[1]["quality"]) == ("", "lost")


@pytest.mark.usefixtures("filled")
async def test_a_file_of_json_is_one_document(viewer: httpx.AsyncClient) -> None:
    for step, count in (("raw", 1_200), ("15m", 4), ("1d", 4)):
        query = {"from": NOON, "step": step, "format": "json"}
        document = (await viewer.get(f"{PATH}/export", params=query)).json()
        assert (document["site"], document["step"]) == ("werk-sued", step)
        assert len(document["rows"]) == count
        assert all(len(row) == len(document["columns"]) for row in document["rows"])


async def test_a_file_about_nothing_is_a_whole_file(viewer: httpx.AsyncClient) -> None:
    for step in ("raw", "1h"):
        assert await exported(viewer, step=step) == []
        answer = await viewer.get(f"{PATH}/export", params={"step": step, "format": "json"})
        assert answer.json()["rows"] == []


@pytest.mark.usefixtures("filled")
async def test_a_file_is_packed_for_those_who_accept_it(viewer: httpx.AsyncClient) -> None:
    query = {"from": NOON, "format": "json"}
    headers = {"Accept-Encoding": "gzip"}
    async with viewer.stream("GET", f"{PATH}/export", params=query, headers=headers) as answer:
        packed = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
    plain: Any = json.loads(gzip.decompress(packed))
    bare = await viewer.get(f"{PATH}/export", params=query, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in bare.headers
    assert plain == bare.json()
    assert len(packed) < len(bare.content) / 5


@pytest.mark.usefixtures("filled")
async def test_newest_values_of_the_fleet_are_those_of_the_sites_that_a_key_sees(
    viewer: httpx.AsyncClient, admin: httpx.AsyncClient, hub: Hub
) -> None:
    await add_site(hub, "hafen", "hafen-gmbh")
    for client in (viewer, admin):
        answer = (
            await client.get("/api/v1/telemetry/newest", params={"points": "battery.soc_pct"})
        ).json()
        (site,) = answer["sites"]
        assert site["site"] == "werk-sued"
        assert [(v["device"], v["value"]) for v in site["values"]] == [("a", 299.0), ("b", 1_299.0)]
    async with client_of(hub, await add_key(hub, "hafen-gmbh", Role.VIEWER)) as other:
        assert (await other.get("/api/v1/telemetry/newest")).json()["sites"] == []
        for path in (PATH, f"{PATH}/export", f"{PATH}/newest"):
            assert (await other.get(path)).status_code == 404


def test_steps_are_named_by_their_length() -> None:
    assert queries.STEP_US[Step.QUARTER] == QUARTER_US
    assert queries.STEP_US[Step.HOUR] == HOUR_US
