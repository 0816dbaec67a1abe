"""cloud.web.routes: pages only for who logged in, log-in that cannot be guessed, static files."""

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from cloud.kernel.auth import Role
from cloud.kernel.context import Hub
from cloud.web import assets
from cloud.web.attempts import ATTEMPTS_MAX, WINDOW_US
from tests.support.hub import (
    NOON_US,
    Box,
    add_key,
    add_site,
    client_of,
    clock_of,
    telemetry,
)

_FROM_PAGE = {"X-Requested-With": "phoenyra"}


@pytest.fixture
async def browser(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies and has no key."""
    async with client_of(hub, None) as client:
        yield client


async def _log_in(browser: httpx.AsyncClient, key: str, **headers: str) -> httpx.Response:
    return await browser.post("/login", data={"key": key}, headers=headers)


async def test_who_is_not_logged_in_is_sent_to_the_log_in(browser: httpx.AsyncClient) -> None:
    start = await browser.get("/")
    assert (start.status_code, start.headers["location"]) == (303, "/trade")
    trade = await browser.get("/trade")
    assert (trade.status_code, trade.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER])
async def test_a_key_opens_the_trade_page_which_shows_the_role(
    hub: Hub, browser: httpx.AsyncClient, role: Role
) -> None:
    answer = await _log_in(browser, f"  {await add_key(hub, 'stadtwerk', role)}\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "/trade")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = await browser.get("/trade")
    assert page.status_code == 200
    assert f'data-role="{role}"' in page.text
    assert (await browser.get("/login")).headers["location"] == "/trade"


async def test_an_operator_is_led_to_the_fleet(hub: Hub, browser: httpx.AsyncClient) -> None:
    answer = await _log_in(browser, await add_key(hub, "stadtwerk", Role.OPERATOR))
    assert (answer.status_code, answer.headers["location"]) == (303, "/fleet")


async def test_pages_allow_nothing_from_outside_and_are_not_kept(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/login")
    assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_a_wrong_key_is_told_so_and_after_a_few_the_address_has_to_wait(
    hub: Hub, browser: httpx.AsyncClient
) -> None:
    for _ in range(ATTEMPTS_MAX):
        answer = await _log_in(browser, "pho_000000000000_wrong")
        assert answer.status_code == 401
        assert "nicht bekannt" in answer.text
    key = await add_key(hub, "stadtwerk")
    assert (await _log_in(browser, key)).status_code == 429
    clock_of(hub).at_us += WINDOW_US
    assert (await _log_in(browser, key)).status_code == 303


async def test_more_than_a_key_is_not_read(browser: httpx.AsyncClient) -> None:
    assert (await _log_in(browser, "x" * 100_000)).status_code == 401


async def test_a_form_on_a_foreign_page_logs_nobody_in(
    hub: Hub, browser: httpx.AsyncClient
) -> None:
    key = await add_key(hub, "stadtwerk")
    answer = await _log_in(browser, key, origin="https://elsewhere.example")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert (await _log_in(browser, key, origin="http://hub")).status_code == 303


async def test_logging_out_ends_the_session_and_needs_our_own_page(
    hub: Hub, browser: httpx.AsyncClient
) -> None:
    await _log_in(browser, await add_key(hub, "stadtwerk"))
    assert (await browser.post("/logout")).status_code == 403
    assert (await browser.get("/trade")).status_code == 200
    assert (await browser.post("/logout", headers=_FROM_PAGE)).status_code == 204
    assert (await browser.get("/trade")).status_code == 303


async def test_a_revoked_key_ends_its_sessions(
    hub: Hub, browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    key = await add_key(hub, "stadtwerk")
    await _log_in(browser, key)
    key_id = key.split("_")[1]
    assert (await admin.delete(f"/api/v1/keys/{key_id}")).status_code == 204
    assert (await browser.get("/trade")).status_code == 303


async def test_language_and_theme_of_the_address_are_kept(browser: httpx.AsyncClient) -> None:
    german = await browser.get("/login")
    assert '<html lang="de" data-theme="dark">' in german.text
    await browser.get("/login?lang=en&theme=light")
    assert '<html lang="en" data-theme="light">' in (await browser.get("/login")).text


async def test_static_files_come_packed_or_plain_and_may_be_kept_for_ever(
    browser: httpx.AsyncClient,
) -> None:
    address = assets.load().url("css/base.css")
    plain = await browser.get(address, headers={"accept-encoding": "identity"})
    packed = await browser.get(address, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "immutable" in plain.headers["cache-control"]
    assert gzip.decompress(assets.load().files["css/base.css"].packed) == plain.content


@pytest.mark.parametrize("path", ["css/none.css", "..%2froutes.py", "%2e%2e/%2e%2e/settings.py"])
async def test_what_is_no_static_file_is_not_served(browser: httpx.AsyncClient, path: str) -> None:
    version = assets.load().version
    assert (await browser.get(f"/static/{version}/{path}")).status_code == 404


async def test_an_old_version_of_a_file_is_not_mistaken_for_the_new_one(
    browser: httpx.AsyncClient,
) -> None:
    assert (await browser.get("/static/000000000000/css/base.css")).status_code == 404


async def test_a_chart_gets_the_past_of_the_site(hub: Hub, box: Box) -> None:
    await box.upload([telemetry(1, NOON_US - 1_000_000, soc_pct=50.0)], after=0)
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        answer = await client.get("/trade/trace", params={"site": "werk-sued", "from_us": 0})
    assert answer.json() == {"site": "werk-sued", "rows": [[NOON_US - 1_000_000, None, 50.0]]}


async def test_nobody_gets_the_past_of_a_foreign_site(hub: Hub) -> None:
    await add_site(hub, "werk-sued")
    async with client_of(hub, await add_key(hub, "other")) as client:
        answer = await client.get("/trade/trace", params={"site": "werk-sued", "from_us": 0})
    assert answer.status_code == 404


async def test_a_chart_that_asks_wrongly_is_told_what_is_allowed(hub: Hub) -> None:
    async with client_of(hub, await add_key(hub, "other")) as client:
        answer = await client.get(
            "/trade/trace", params={"site": "werk-sued", "from_us": 0, "step_s": 0}
        )
    assert answer.status_code == 422
    assert "step_s" in answer.json()["message"]
