"""The fleet list and the page of a site: who sees them, what they are sent, and how soon."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from cloud.fleet import store
from cloud.fleet.operation import service as operation
from cloud.kernel.auth import Role
from cloud.kernel.context import Hub
from cloud.main import running_features
from cloud.web import fleet_desk, site_desk
from tests.support.hub import (
    NOON_US,
    Box,
    add_key,
    add_site,
    client_of,
    enrolled_box,
    serving,
    telemetry,
)
from tests.support.live_page import LivePage, live_page
from wire import records
from wire.alarm import Alarm
from wire.block import Quality, Reading
from wire.gap import Cause, Gap
from wire.records import Records
from wire.report import ClockState, Device, Report
from wire.sync import Frame, FrameClass, Severity

_SITE = {"page": "site", "site": "werk-sued"}
_ALARM = Alarm(
    id="a1",
    change=1,
    code="DEVICE_LOST",
    severity=Severity.ALARM,
    source="inverter",
    text="inverter does not answer",
    raised_us=NOON_US,
)
_GAP = Gap(
    id="epoch-1-1",
    at_us=NOON_US,
    cause=Cause.FULL,
    cls=FrameClass.TELEMETRY,
    device="inverter",
    from_us=NOON_US - 60_000_000,
    to_us=NOON_US,
    n=600,
)


@pytest.fixture
async def url(hub: Hub) -> AsyncIterator[str]:
    await add_site(hub, "werk-sued")
    async with running_features(hub), serving(hub) as served:
        yield served


async def _viewer(hub: Hub, account: str = "stadtwerk") -> dict[str, str]:
    return {"Authorization": f"Bearer {await add_key(hub, account, Role.VIEWER)}"}


async def _report(hub: Hub, box: Box) -> None:
    report = Report(
        at_us=NOON_US,
        version="0.4.1",
        started_us=NOON_US - 1,
        clock=ClockState.SYNCHRONISED,
        clock_off_us=0,
        linked=True,
        mode="automatic",
        missed_beats=0,
        backlog_frames=7,
        backlog_bytes=4_000,
        backlog_bytes_max=1_000_000,
        backlog_from_us=NOON_US - 1,
        quarantined=0,
        gaps=0,
        disk_free_bytes=1,
        disk_bytes=2,
        written_bytes_day=None,
        store_trouble="",
        configuration="0123456789abcdef",
        devices=(Device(id="inverter", connected=True, answered_us=NOON_US, trouble=""),),
    )
    async with hub.database.transaction() as connection:
        gateway = await store.gateway(connection, box.gateway)
        assert gateway is not None
        await operation.take_report(connection, gateway, report, NOON_US)
    for topic in operation.topics("werk-sued"):
        hub.bus.wake(topic)


async def _tell(box: Box, seq: int, told: Records) -> None:
    await box.upload([Frame(seq, FrameClass.EVENTS, records.encode(told))], after=seq - 1)


async def _heard(page: LivePage) -> LivePage:
    await page.hear()
    assert page.kinds == ["snapshot"]
    return page


def _documented(text: str | None) -> set[str]:
    """Return the sections that a desk's docstring names: they stand two spaces in."""
    lines = (text or "").partition("\nsections ")[2].splitlines()[1:]
    return {line.split()[0] for line in lines if line[:2].isspace() and line[2:3].strip()}


async def test_the_fleet_page_gets_a_line_for_each_box_and_the_sections_it_is_told_of(
    hub: Hub, url: str
) -> None:
    await add_site(hub, "werk-nord")
    async with (
        enrolled_box(hub, "werk-sued", url) as box,
        live_page(url, {"page": "fleet"}, **await _viewer(hub)) as page,
    ):
        await _heard(page)
        assert page.state.keys() == _documented(fleet_desk.__doc__)
        assert page.state["me"] == {"account": "stadtwerk", "role": "viewer", "sites": 2}
        assert page.state["fleet"].keys() == {f"werk-sued/{box.gateway}", "werk-nord/"}
        await _report(hub, box)
        row = f"werk-sued/{box.gateway}"
        await page.until_so(lambda state: state["fleet"][row]["report"])
        shown = page.state["fleet"][row]
        assert (shown["report"]["version"], shown["report"]["backlog"]) == ("0.4.1", 7)
        assert (shown["gaps"]["rows"], shown["alarms"]) == (0, [0, 0, 0])


async def test_a_fleet_page_sees_live_values_within_a_frame(hub: Hub, url: str) -> None:
    async with (
        enrolled_box(hub, "werk-sued", url) as box,
        live_page(url, {"page": "fleet"}, **await _viewer(hub)) as page,
    ):
        await _heard(page)
        fresh = Reading("ac.power_kw", 42.0, Quality.GOOD, NOON_US)
        assert "ac.power_kw" in await box.tell_live(("inverter", fresh))
        row = f"werk-sued/{box.gateway}"
        await page.until_so(lambda state: state["fleet"][row]["points"])
        assert page.state["fleet"][row]["points"] == {"ac.power_kw": [42.0, 0, NOON_US]}


async def test_nobody_sees_boxes_or_alarms_of_other_accounts(hub: Hub, url: str) -> None:
    async with enrolled_box(hub, "werk-sued", url) as box:
        await _tell(box, 1, Records(alarms=(_ALARM,)))
        async with live_page(url, {"page": "fleet"}, **await _viewer(hub, "other")) as page:
            await _heard(page)
            assert (page.state["fleet"], page.state["alarms"]) == ({}, [])
        async with live_page(url, _SITE, **await _viewer(hub, "other")) as page:
            with pytest.raises(ConnectionClosed) as closed:
                await page.hear()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


async def test_the_page_of_a_site_watches_all_its_points_and_shows_the_newer_value(
    hub: Hub, url: str
) -> None:
    async with enrolled_box(hub, "werk-sued", url) as box:
        await box.upload([telemetry(1, NOON_US - 4_000_000, soc_pct=61.5)], after=0)
        async with live_page(url, _SITE, **await _viewer(hub)) as page:
            await _heard(page)
            assert page.state.keys() == _documented(site_desk.__doc__)
            known = page.state["values"]["inverter|battery.soc_pct"]
            assert (known["value"], known["at_us"]) == (61.5, NOON_US - 4_000_000)
            fresh = Reading("grid.frequency_hz", 50.01, Quality.GOOD, NOON_US)
            assert await box.tell_live(("meter", fresh)) == ["*"]
            await page.until_so(lambda state: "meter|grid.frequency_hz" in state["values"])


async def test_alarms_and_gaps_of_a_box_reach_the_page_and_an_acknowledgement_too(
    hub: Hub, url: str
) -> None:
    async with (
        enrolled_box(hub, "werk-sued", url) as box,
        live_page(url, _SITE, **await _viewer(hub)) as page,
    ):
        await _heard(page)
        await _tell(box, 1, Records(alarms=(_ALARM,), gaps=(_GAP,)))
        await page.until_so(lambda state: state["alarms"] and state["gaps"])
        (gap,) = page.state["gaps"]
        assert (gap["cause"], gap["n"], gap["device"]) == ("full", 600, "inverter")
        assert page.state["gap_total"] == {"rows": 1, "n": 600, "unknown": 0}
        async with client_of(hub, await add_key(hub, "stadtwerk", Role.OPERATOR)) as operator:
            path = f"/api/v1/alarms/{box.gateway}/a1/acknowledge"
            answer = await operator.post(path, json={"note": "on my way"})
        assert answer.status_code == 200, answer.text
        await page.until_so(lambda state: state["alarms"][0]["acked_us"] is not None)
        assert page.state["alarms"][0]["note"] == "on my way"
        await page.until_so(lambda state: state["commands"])
        assert page.state["commands"][0]["kind"] == "acknowledge"


async def test_a_command_is_on_the_page_with_who_and_why_and_no_settings_file_is(
    hub: Hub, url: str, admin: httpx.AsyncClient
) -> None:
    async with (
        enrolled_box(hub, "werk-sued", url),
        live_page(url, _SITE, **await _viewer(hub)) as page,
    ):
        await _heard(page)
        for kind, payload in (
            ("mode", {"mode": "standby"}),
            ("configuration", {"toml": "secret = 'x'", "dry_run": True}),
        ):
            body = {"sites": ["werk-sued"], "kind": kind, "payload": payload, "reason": "ticket 1"}
            answer = await admin.post("/api/v1/commands", json=body)
            assert answer.status_code == 201, answer.text
        await page.until_so(lambda state: len(state["commands"]) == 2)
        by_kind = {row["kind"]: row for row in page.state["commands"]}
        assert by_kind["mode"]["payload"] == {"mode": "standby"}
        assert (by_kind["mode"]["reason"], by_kind["mode"]["standing"]) == ("ticket 1", "issued")
        assert "secret" not in str(by_kind["configuration"])


@pytest.mark.parametrize("path", ["/fleet", "/fleet/werk-sued"])
async def test_pages_of_the_fleet_need_a_log_in(hub: Hub, path: str) -> None:
    async with client_of(hub, None) as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_a_page_of_a_foreign_or_unknown_site_leads_to_the_list(hub: Hub) -> None:
    await add_site(hub, "werk-sued", name="Werk <Süd>")
    async with client_of(hub, None) as browser:
        await browser.post("/login", data={"key": await add_key(hub, "other", Role.VIEWER)})
        for site in ("werk-sued", "nowhere"):
            answer = await browser.get(f"/fleet/{site}")
            assert (answer.status_code, answer.headers["location"]) == (303, "/fleet")
        await browser.post("/login", data={"key": await add_key(hub, "stadtwerk", Role.VIEWER)})
        page = await browser.get("/fleet/werk-sued")
    assert page.status_code == 200
    assert "Werk &lt;Süd&gt;" in page.text
    assert 'data-site="werk-sued"' in page.text
