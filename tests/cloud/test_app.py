"""cloud.main.create_app: the whole application: who gets in, and how it describes itself."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.main import create_app, running_features
from tests.support.hub import admin_key, client_of

OPEN = {"/healthz"}
BEFORE_A_KEY = {"/sync/v1/enrolments", "/sync/v1/time"}
"""What a box asks that has no key yet, or no good clock."""
SIGNED = "/sync/v1/"
_FILLED = {"site": "werk-sued", "key_id": "0123456789ab"}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One engine is enough for what is asked here."""
    return f"sqlite+aiosqlite:///{tmp_path / 'test.sqlite3'}"


@pytest.fixture
async def described(admin: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await admin.get("/openapi.json")).json()
    return document


async def test_nothing_is_read_or_changed_without_a_key(
    hub: Hub, described: dict[str, Any]
) -> None:
    async with running_features(hub), client_of(hub, None) as nobody:
        for method, path, _ in operations(described):
            url = re.sub(r"{(\w+)}", lambda name: _FILLED.get(name[1], "1"), path)
            answer = await nobody.request(method, url)
            expected = 200 if path in OPEN else 422 if path in BEFORE_A_KEY else 401
            assert answer.status_code == expected, f"{method} {path}"
            assert path in OPEN or set(answer.json()) == {"code", "message"}


async def test_every_operation_says_what_it_does_and_shows_an_answer(
    described: dict[str, Any],
) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(described):
        where = f"{method} {path}"
        assert operation.get("tags"), f"{where} has no tag"
        assert operation["summary"][0].isupper(), f"{where} has no sentence of its own"
        signs = path in OPEN or path.startswith(SIGNED)
        assert signs or operation["security"], f"{where} names no key"
        if path not in OPEN | BEFORE_A_KEY:
            assert "401" in operation["responses"], f"{where} hides that a key is needed"


async def test_every_field_of_every_body_has_an_example_or_a_meaning(
    described: dict[str, Any],
) -> None:
    schemas = described["components"]["schemas"]
    for name, schema in schemas.items():
        if not name.endswith(("Body", "Ticket")):
            continue
        for field, content in schema["properties"].items():
            assert {"examples", "description", "default", "enum"} & set(content), f"{name}.{field}"


async def test_the_documentation_page_shows_every_operation_and_loads_nothing_from_outside(
    hub: Hub, described: dict[str, Any]
) -> None:
    async with client_of(hub, None) as nobody:
        page = await nobody.get("/docs")
        assert page.status_code == 200
        for _, path, operation in operations(described):
            assert f'id="{operation["operationId"]}"' in page.text
            assert path in page.text
        for address in re.findall(r'(?:href|src)="([^"#]+)"', page.text):
            assert address.startswith("/"), address
            assert (await nobody.get(address)).status_code == 200, address
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_metrics_are_text_for_prometheus_and_need_a_key(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE phoenyra_hub_frames_total counter" in answer.text


async def test_what_is_not_there_is_said_in_the_same_form(admin: httpx.AsyncClient) -> None:
    missing = await admin.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    wrong = await admin.delete("/api/v1/sites")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"{", "application/json", 422, "body: is no JSON"),
        (b'{"id":"a"}', "text/plain", 422, "body: JSON is expected"),
        (b'{"id":"\\ud800"}', "application/json", 422, "id: "),
        (b'{"id":' + b"[" * 50_000 + b"}", "application/json", 422, "body: "),
        (b"x" * 300_000, "application/json", 413, "body: too many bytes"),
    ],
)
async def test_a_body_that_is_none_costs_one_line(
    admin: httpx.AsyncClient, body: bytes, kind: str, status: int, said: str
) -> None:
    answer = await admin.post("/api/v1/accounts", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["message"]
    assert "\n" not in answer.json()["message"]


async def test_a_body_of_unknown_length_is_counted_while_it_comes(
    admin: httpx.AsyncClient,
) -> None:
    async def endless() -> Any:
        while True:
            yield b"x" * 65_536

    answer = await admin.post("/api/v1/accounts", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


async def test_the_routes_are_ready_before_the_first_request_and_made_once(hub: Hub) -> None:
    """A router that is included makes its routes again, and when somebody asks for one of them."""
    mine, others = create_app(hub).routes, create_app(hub).routes
    paths = [getattr(route, "path", None) for route in mine]
    assert {"/api/v1/orders", "/healthz", "/openapi.json"} <= {*paths}
    assert None not in paths
    assert [*map(id, mine[1:])] == [*map(id, others[1:])], "but for that of the description itself"


async def test_a_defect_of_ours_is_answered_without_its_traceback(hub: Hub) -> None:
    app = create_app(hub)

    @app.get("/test/defect")
    async def _defect() -> None:
        raise ZeroDivisionError("what nobody outside needs to know")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.get("/test/defect")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "nobody outside" not in answer.text
