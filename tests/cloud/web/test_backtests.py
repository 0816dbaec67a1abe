"""cloud.web.backtests: reports in the hub's folder are listed and served, and nothing else is."""

import json
from pathlib import Path

import pytest

from cloud.kernel.auth import Principal, Role
from cloud.kernel.context import Hub
from cloud.web import backtests
from cloud.web.forecast_desk import ForecastDesk
from cloud.web.state import Watch
from tests.support.hub import add_key, client_of

REPORT = {
    "area": "AT",
    "first_day": "2026-01-01",
    "last_day": "2026-03-01",
    "days_scored": 60,
    "errors": {"forecast": {"mae": 4.8, "rmae": 0.3}},
    "quantiles": {"days": 60, "intervals": {"80": {"coverage_pct": 79.5}}},
    "leakage": {"passed": True},
}


def add_report(folder: Path, name: str = "AT-2026", **changed: object) -> Path:
    made = folder / backtests.FOLDER / name
    made.mkdir(parents=True)
    (made / "report.json").write_text(json.dumps(REPORT | changed))
    (made / "report.html").write_text("<!doctype html><title>x</title>")
    return made


def test_reports_are_listed_newest_first_with_their_figures(tmp_path: Path) -> None:
    add_report(tmp_path, "old", last_day="2025-01-01")
    add_report(tmp_path)
    rows = backtests.listed(tmp_path)
    assert [row["name"] for row in rows] == ["AT-2026", "old"]
    assert rows[0] == {
        "name": "AT-2026",
        "area": "AT",
        "first_day": "2026-01-01",
        "last_day": "2026-03-01",
        "days": 60,
        "mae": 4.8,
        "rmae": 0.3,
        "coverage80_pct": 79.5,
        "passed": True,
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"area": 1}', "null"])
def test_a_folder_without_a_whole_report_is_none(tmp_path: Path, text: str) -> None:
    (add_report(tmp_path) / "report.json").write_text(text)
    assert backtests.listed(tmp_path) == []


def test_no_folder_at_all_is_an_empty_list(tmp_path: Path) -> None:
    assert backtests.listed(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("AT-2026", "run.json"),
        ("..", "report.html"),
        ("../backtests/AT-2026", "report.html"),
        ("none", "report.html"),
        (".hidden", "report.html"),
        ("AT-2026", "../../hub.db"),
    ],
)
def test_nothing_but_the_files_of_a_report_is_given_out(
    tmp_path: Path, name: str, file: str
) -> None:
    add_report(tmp_path)
    (tmp_path / "hub.db").write_text("secret")
    assert backtests.content(tmp_path, name, file) is None
    assert backtests.content(tmp_path, "AT-2026", "report.html") is not None


async def test_a_report_is_shown_to_who_may_read_and_may_run_nothing(hub: Hub) -> None:
    add_report(hub.settings.data_dir)
    address = "/forecast/backtests/AT-2026/report.html"
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        answer = await client.get(address)
        missing = await client.get("/forecast/backtests/none/report.html")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    async with client_of(hub, None) as client:
        assert (await client.get(address)).status_code == 401
        page = await client.get("/forecast")
        assert (page.status_code, page.headers["location"]) == (303, "/login")


async def test_the_page_is_told_of_the_reports(hub: Hub) -> None:
    add_report(hub.settings.data_dir)
    desk = ForecastDesk(hub, Principal("k", "stadtwerk", Role.TRADER))
    await desk.refresh(Watch(), set(), 0.0)
    assert desk.sections["me"] == {"account": "stadtwerk", "role": Role.TRADER}
    assert [row["name"] for row in desk.sections["backtests"]] == ["AT-2026"]
