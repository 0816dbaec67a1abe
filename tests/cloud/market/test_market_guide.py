"""docs/guide/market-data.md: its file of feeds can be used; kinds and routes are real."""

import re
from pathlib import Path

from cloud.kernel.context import Hub
from cloud.market.feeds import feeds_file
from cloud.market.series.model import Kind
from tests.support.hub import application

GUIDE = Path("docs/guide/market-data.md").read_text(encoding="utf-8")


def test_the_file_of_feeds_can_be_used_as_it_stands() -> None:
    text, weather = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert feeds_file.parse(weather, "guide").feed[0].places
    file = feeds_file.parse(text, "guide")
    assert [row.source for row in file.feed] == ["entsoe", "entsoe", "energy-charts"]
    assert file.reference == {"AT": "entsoe"}


def test_every_kind_is_named() -> None:
    assert {kind.value for kind in Kind} <= set(re.findall(r"`([a-z]+\.[a-z_]+)`", GUIDE))


def test_the_routes_are_those_of_the_hub(hub: Hub) -> None:
    told = set(re.findall(r"`GET (/api/v1/market/[a-z/]+)", GUIDE))
    real = {path for path in application(hub).openapi()["paths"] if "/v1/market/" in path}
    assert told == real
