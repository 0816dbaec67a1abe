"""docs/guide/market-data.md: its file of feeds can be used; kinds and routes are real."""

import re
from datetime import date
from pathlib import Path

from cloud.market.areas import catalogue
from cloud.market.areas.model import SDAC
from cloud.market.feeds import feeds_file
from cloud.market.series.model import Kind
from simulators.entsoe_spoiling import KINDS
from tests.support.hub import application, opened_hub

GUIDE = Path("docs/guide/market-data.md").read_text(encoding="utf-8")


def test_the_file_of_feeds_can_be_used_as_it_stands() -> None:
    text, weather, _ = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert feeds_file.parse(weather, "guide").feed[0].places
    file = feeds_file.parse(text, "guide")
    assert [row.source for row in file.feed] == ["entsoe", "entsoe", "energy-charts"]
    assert file.reference == {"AT": "entsoe"}


def test_the_file_of_areas_can_be_used_as_it_stands(tmp_path: Path) -> None:
    *_, text = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "areas.toml").write_text(text)
    area = catalogue.load(tmp_path / "areas.toml")["AT"]
    assert area.sequence(SDAC, date(2026, 12, 1)) == 2


def test_what_can_be_spoiled_is_named() -> None:
    assert set(KINDS) <= set(re.findall(r"`([a-z]+)`", GUIDE))


def test_every_kind_is_named() -> None:
    assert {kind.value for kind in Kind} <= set(re.findall(r"`([a-z]+\.[a-z_]+)`", GUIDE))


async def test_the_routes_are_those_of_the_hub(tmp_path: Path) -> None:
    told = set(re.findall(r"`(?:GET|POST) (/api/v1/market/[a-z/{}]+)", GUIDE))
    async with opened_hub(tmp_path) as hub:
        real = {path for path in application(hub).openapi()["paths"] if "/v1/market/" in path}
    assert told == real
