"""cloud.fleet.routes: sites, gateways and telemetry as the API shows them, and to whom."""

from collections.abc import AsyncIterator

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import (
    NOON_US,
    Box,
    add_key,
    add_site,
    client_of,
    clock_of,
    event,
    telemetry,
)
from wire.sync import Frame

SECOND_US = 1_000_000
SITE = {"id": "hafen", "name": "Hafen", "account": "hafen-gmbh", "power_kw": 250, "energy_kwh": 500}


@pytest.fixture
async def viewer(hub: Hub, box: Box) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the account that owns werk-sued."""
    assert box
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        yield client


def soc(*numbers: int, device: str = "inverter") -> list[Frame]:
    return [
        telemetry(n, NOON_US + n * SECOND_US, device=device, soc_pct=50 + n / 10, temp_mean_c=25.0)
        for n in numbers
    ]


async def test_an_administrator_creates_accounts_sites_and_gateways(
    admin: httpx.AsyncClient,
) -> None:
    account = await admin.post("/api/v1/accounts", json={"id": "hafen-gmbh", "name": "Hafen GmbH"})
    assert (account.status_code, account.json()["name"]) == (201, "Hafen GmbH")
    site = await admin.post("/api/v1/sites", json=SITE)
    assert site.status_code == 201
    assert site.json() == {**SITE, "fcr_kw": 0, "uploaded_at": None}
    assert (await admin.get("/api/v1/sites/hafen")).json() == site.json()
    made = (await admin.post("/api/v1/gateways", json={"site": "hafen", "gateway": "box-1"})).json()
    assert (made["gateway"], made["site"], len(bytes.fromhex(made["secret"]))) == (
        "box-1",
        "hafen",
        32,
    )
    (listed,) = (await admin.get("/api/v1/gateways")).json()["gateways"]
    assert listed["key_id"] == made["key_id"]
    assert "secret" not in listed, "it is shown once"


async def test_what_is_there_already_or_missing_is_refused(admin: httpx.AsyncClient) -> None:
    async def code(path: str, **body: object) -> tuple[int, str]:
        answer = await admin.post(f"/api/v1/{path}", json=body)
        return answer.status_code, answer.json().get("code", "")

    assert await code("sites", **SITE) == (404, "NOT_FOUND"), "no such account"
    assert (await code("accounts", id="hafen-gmbh"))[0] == 201
    assert await code("accounts", id="hafen-gmbh") == (409, "ACCOUNT_EXISTS")
    assert (await code("sites", **SITE))[0] == 201
    assert await code("sites", **SITE) == (409, "SITE_EXISTS")
    assert await code("gateways", site="nowhere") == (404, "NOT_FOUND")
    assert (await code("gateways", site="hafen", gateway="box-1"))[0] == 201
    assert await code("gateways", site="hafen", gateway="box-1") == (409, "GATEWAY_EXISTS")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "Hafen Nord"}, 'id: "Hafen Nord" is not allowed; string should match pattern'),
        (
            {"power_kw": 0},
            "power_kw: 0 is not allowed; input should be greater than or equal to 0.001",
        ),
        ({"power_kw": "much"}, 'power_kw: "much" is not allowed; input should be a valid number'),
        ({"fcr_kw": 251}, "fcr_kw: at most power_kw, 250, is expected"),
        ({"colour": "red"}, 'colour: "red" is not allowed; extra inputs are not permitted'),
        ({"name": "a\nb"}, 'name: "a\\nb" is not allowed; string should match pattern'),
        ({"account": None}, "account: null is not allowed; input should be a valid string"),
    ],
)
async def test_a_wrong_value_costs_one_line_that_names_it(
    admin: httpx.AsyncClient, wrong: dict[str, object], said: str
) -> None:
    answer = await admin.post("/api/v1/sites", json={**SITE, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert said in answer.json()["message"]
    assert "\n" not in answer.json()["message"]


async def test_an_account_sees_its_own_sites_only(
    hub: Hub, admin: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await add_site(hub, "hafen", "hafen-gmbh")
    assert [s["id"] for s in (await viewer.get("/api/v1/sites")).json()["sites"]] == ["werk-sued"]
    everything = (await admin.get("/api/v1/sites")).json()["sites"]
    assert [s["id"] for s in everything] == ["hafen", "werk-sued"]
    for path in ("", "/telemetry/newest", "/telemetry", "/events", "/schedule"):
        answer = await viewer.get(f"/api/v1/sites/hafen{path}")
        missing = await viewer.get(f"/api/v1/sites/nowhere{path}")
        assert answer.status_code == missing.status_code == 404
        assert answer.json()["message"].replace("hafen", "nowhere") == missing.json()["message"]


async def test_only_an_administrator_manages(viewer: httpx.AsyncClient, box: Box) -> None:
    for method, path in (
        ("POST", "sites"),
        ("POST", "gateways"),
        ("GET", "gateways"),
        ("DELETE", f"gateways/{box.gateway}"),
        ("POST", "accounts"),
        ("GET", "accounts"),
        ("POST", "keys"),
        ("GET", "keys"),
        ("DELETE", "keys/0123456789ab"),
    ):
        answer = await viewer.request(method, f"/api/v1/{path}", json={})
        assert (answer.status_code, answer.json()["code"]) in (
            (403, "FORBIDDEN"),
            (422, "INVALID"),
        ), path
    assert (await box.upload(soc(0))).seq == 0, "the gateway is still there"


async def test_newest_values_carry_unit_time_age_and_quality(
    viewer: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await box.upload(soc(0))
    clock_of(hub).at_us += 2_500_000
    answer = (await viewer.get("/api/v1/sites/werk-sued/telemetry/newest")).json()
    assert answer["now"] == "2026-11-21T12:00:02.500000Z"
    assert answer["values"][0] == {
        "device": "inverter",
        "point": "battery.soc_pct",
        "unit": "%",
        "value": 50.0,
        "at": "2026-11-21T12:00:00Z",
        "age_s": 2.5,
        "quality": "good",
        "sampled_at": "2026-11-21T12:00:00Z",
    }
    site = (await viewer.get("/api/v1/sites/werk-sued")).json()
    assert site["uploaded_at"] == "2026-11-21T12:00:00Z"


async def test_a_period_is_half_open_and_in_the_order_of_time(
    viewer: httpx.AsyncClient, box: Box
) -> None:
    await box.upload(soc(*range(10)))
    query = {
        "points": "battery.soc_pct",
        "from": "2026-11-21T12:00:03Z",
        "to": "2026-11-21T13:00:06+01:00",
    }
    answer = (await viewer.get("/api/v1/sites/werk-sued/telemetry", params=query)).json()
    (series,) = answer["points"]
    assert (series["device"], series["point"], series["unit"]) == (
        "inverter",
        "battery.soc_pct",
        "%",
    )
    assert series["samples"] == [[NOON_US + n * SECOND_US, 50 + n / 10, 0] for n in (3, 4, 5)]
    assert answer["next"] is None


async def test_a_limited_answer_says_where_to_go_on_until_everything_came_once(
    viewer: httpx.AsyncClient, box: Box
) -> None:
    await box.upload(soc(*range(10)) + soc(*range(10, 20), device="other"))
    samples: list[list[object]] = []
    query = {"limit": "7"}
    for _ in range(20):
        answer = (await viewer.get("/api/v1/sites/werk-sued/telemetry", params=query)).json()
        part = [[s["device"], s["point"], *v] for s in answer["points"] for v in s["samples"]]
        assert len(part) <= 8, "two points of one instant stay together"
        samples += part
        if answer["next"] is None:
            break
        query["from"] = answer["next"]
    assert len(samples) == len({str(sample) for sample in samples}) == 40


async def test_a_lost_point_is_no_number_in_history(viewer: httpx.AsyncClient, box: Box) -> None:
    await box.upload([telemetry(0, soc_pct=None)])
    answer = (await viewer.get("/api/v1/sites/werk-sued/telemetry")).json()
    assert answer["points"][0]["samples"] == [[NOON_US, None, 3]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"points": "soc"}, "points: 'soc' is not allowed"),
        ({"points": ",".join(["ac.power_kw"] * 101)}, "101 names are not allowed; at most 100"),
        ({"from": "yesterday"}, 'from: "yesterday" is not allowed'),
        ({"from": "2026-11-21T12:00:00"}, "input should have timezone info"),
        ({"from": "2026-11-21T12:00:00Z", "to": "2026-11-21T12:00:00Z"}, "later than from"),
        ({"limit": "0"}, 'limit: "0" is not allowed'),
    ],
)
async def test_a_wrong_question_costs_one_line(
    viewer: httpx.AsyncClient, query: dict[str, str], said: str
) -> None:
    answer = await viewer.get("/api/v1/sites/werk-sued/telemetry", params=query)
    assert answer.status_code == 422
    assert said in answer.json()["message"]


async def test_events_come_newest_first_and_page_by_page(
    viewer: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([event(n, f"CODE_{n}", NOON_US + n * SECOND_US) for n in range(5)])
    path = "/api/v1/sites/werk-sued/events"
    first = (await viewer.get(path, params={"limit": 2})).json()["events"]
    assert [line["code"] for line in first] == ["CODE_4", "CODE_3"]
    assert first[0] == {
        "id": first[0]["id"],
        "at": "2026-11-21T12:00:04Z",
        "code": "CODE_4",
        "severity": "alarm",
        "source": "inverter",
        "text": "no answer",
    }
    rest = (await viewer.get(path, params={"before": first[-1]["id"]})).json()["events"]
    assert [line["code"] for line in rest] == ["CODE_2", "CODE_1", "CODE_0"]
