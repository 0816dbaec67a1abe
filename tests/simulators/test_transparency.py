"""phoenyra-sim transparency: feeds a newcomer's hub; nothing is there before its hour."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe.batches import Reading, batches
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.request import pieces
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Kind, Series
from simulators.entsoe_platform import Platform
from simulators.entsoe_server import platform_server
from simulators.entsoe_spoiling import KINDS, spoiled
from simulators.main import main
from tests.support.forked import hub_command
from tests.support.simulators import ended
from tests.support.system import free_port
from wire.clock import SetClock, micros

VIENNA = ZoneInfo("Europe/Vienna")
AREAS = catalogue.load()
AT = AREAS["AT"]
DAY = date(2026, 11, 22)
EIC = "10YAT-APG------L"


async def asked(platform: Platform, kind: Kind) -> bytes:
    """Return what the platform answers on a day."""
    wish = Wish(kind=kind, area="AT", start_us=AT.day_us(DAY)[0], end_us=AT.day_us(DAY)[1])
    (piece,) = pieces(wish, AREAS)
    query = piece.questions[0].query() | {"securityToken": platform.token}
    async with platform_server(platform) as address, httpx.AsyncClient() as client:
        return (await client.get(address, params=query)).content


def read(body: bytes, kind: Kind, told: list[str] | None = None) -> dict[Series, int]:
    """Return the number of values by series."""
    wish = Wish(kind=kind, area="AT", start_us=AT.day_us(DAY)[0], end_us=AT.day_us(DAY)[1])
    (piece,) = pieces(wish, AREAS)
    document = parse(body)
    if not isinstance(document, Document):
        return {}
    lines = [] if told is None else told
    reading = Reading(area=AT, received_us=AT.day_us(DAY)[1], tell=lines.append)
    return {batch.series: len(batch.values) for batch in batches(piece, [[document]], reading)}


@pytest.mark.parametrize(
    ("at", "kind", "details"),
    [
        ((21, 10, 19), Kind.PRICE_DAY_AHEAD, set()),
        ((21, 10, 20), Kind.PRICE_DAY_AHEAD, {"EXAA"}),
        ((21, 12, 57), Kind.PRICE_DAY_AHEAD, {"EXAA", "SDAC"}),
        ((21, 17, 59), Kind.GENERATION_FORECAST, set()),
        ((21, 18, 0), Kind.GENERATION_FORECAST, {"B16", "B19"}),
        ((22, 0, 44), Kind.LOAD_ACTUAL, set()),
        ((22, 0, 45), Kind.LOAD_ACTUAL, {""}),
    ],
)
async def test_nothing_is_there_before_its_hour(
    at: tuple[int, int, int], kind: Kind, details: set[str]
) -> None:
    now_us = micros(datetime(2026, 11, *at, tzinfo=VIENNA))
    found = read(await asked(Platform(now_us=lambda: now_us), kind), kind)
    assert {series.detail for series in found} == details


async def test_measured_values_grow_with_the_day() -> None:
    counts: list[int] = []
    for hour in (1, 12, 23):
        now_us = micros(datetime(2026, 11, 22, hour, 10, tzinfo=VIENNA))
        platform = Platform(now_us=SetClock(now_us).now_us)
        counts += read(await asked(platform, Kind.LOAD_ACTUAL), Kind.LOAD_ACTUAL).values()
    assert counts == [2, 46, 90]


@pytest.mark.parametrize("what", [kind for kind in KINDS if kind != "trouble"])
async def test_a_spoiled_answer_is_an_error_or_told_and_never_taken_for_a_good_one(
    what: str,
) -> None:
    told: list[str] = []
    good = await asked(Platform(), Kind.LOAD_FORECAST)
    try:
        found = read(spoiled(what, good)[1], Kind.LOAD_FORECAST, told)
    except BadAnswer:
        assert what in {"bomb", "external", "other", "html", "empty", "half"}
        return
    assert (what, sum(found.values()), bool(told)) in {
        ("hole", 95, False),
        ("unit", 0, True),
        ("kilowatts", 96, False),
    }


@pytest.fixture
def program() -> Iterator[tuple[str, str]]:
    """The simulator as a newcomer starts it; its address and the token."""
    port = free_port()
    command = [sys.executable, "-m", "simulators.main", "transparency", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().split()
            yield line[2], line[-1]
        finally:
            process.terminate()


def test_a_newcomer_feeds_a_hub_from_it(program: tuple[str, str], tmp_path: Path) -> None:
    address, token = program
    (tmp_path / "feeds.toml").write_text(
        f'[[feed]]\nsource = "entsoe"\nareas = ["AT"]\naddresses = ["{address}"]\n'
    )
    made = hub_command(
        [
            *("market", "backfill", "--source", "entsoe", "--series", "price.day_ahead/AT/SDAC"),
            *("--from", "2026-03-28", "--to", "2026-03-30"),
        ],
        {
            "PATH": "/usr/bin:/bin",
            "PHOENYRA_HUB_DATA_DIR": str(tmp_path / "hub"),
            "PHOENYRA_HUB_MARKET_FEEDS_FILE": str(tmp_path / "feeds.toml"),
            "PHOENYRA_HUB_ENTSOE_TOKEN": token,
        },
        tmp_path,
    )
    assert made.returncode == 0, made.stderr
    assert "3 days" in made.stdout
    assert token not in made.stdout + made.stderr


@pytest.mark.parametrize("wrong", ["AT=bomb", f"{EIC}=nonsense", EIC])
def test_a_wrong_wish_costs_one_line(capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    code, said = ended(capsys, main, "transparency", "--spoil", wrong)
    assert (code, said.count("\n")) == (2, 1)
    assert "--spoil: " in said
