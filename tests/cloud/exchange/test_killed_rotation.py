"""Keys that are rotated while orders come and the hub is killed: nobody is ever locked out."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.support.exchange import MARKET
from tests.support.system import System, running_system, wait_until
from wire.clock import SystemClock, quarter_hour_us, utc

KILLS = 5
ROTATIONS_EACH = 3
ANSWERS_BEFORE_KILL = range(15, 40)
OVERLAP_S = 3_600
AHEAD_US = 12 * 3_600_000_000


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path) as started:
        started.post("/api/v1/accounts", id="handel")
        yield started


@dataclass(slots=True)
class Known:
    """What the hub has answered, over all its lives; other answers than good ones are `wrong`."""

    keys: list[dict[str, Any]]
    orders: list[str] = field(default_factory=list)
    signing: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def has(self, orders: int) -> bool:
        """Tell whether so many orders were answered, or one wrongly."""
        return bool(self.wrong) or len(self.orders) >= orders

    def trade(self, client: httpx.Client, name: str) -> None:
        """Place orders, each with the newest key, until the hub is gone."""
        order = {
            "market": MARKET,
            "delivery_start": utc(quarter_hour_us(SystemClock().now_us()) + AHEAD_US).isoformat(),
            "side": "BUY",
            "quantity_mwh": 0.0005,
            "limit_price_eur_mwh": 85.5,
            "time_in_force": "IOC",
        }
        with client:
            for number in range(100_000):
                client.headers["Authorization"] = f"Bearer {self.keys[-1]['key']}"
                answer = self._asked(
                    client, "/api/orders", order | {"client_order_id": f"{name}-{number}"}
                )
                if answer is None:
                    return
                self.orders.append(answer["order_id"])

    def rotate(self, client: httpx.Client) -> None:
        """Rotate the trader's key and that of the signed feeds, a few times or until it is gone."""
        body = {"overlap_s": OVERLAP_S}
        with client:
            for _ in range(ROTATIONS_EACH):
                path = f"/api/v1/keys/{self.keys[-1]['id']}/rotate"
                if (key := self._asked(client, path, body)) is None:
                    return
                self.keys.append(key)
                if (signs := self._asked(client, "/admin/ws_hmac/rotate", body)) is None:
                    return
                self.signing.add(signs["kid"])

    def _asked(
        self, client: httpx.Client, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        try:
            answer = client.post(path, json=body)
        except httpx.TransportError:
            return None
        if not answer.is_success:
            self.wrong.append(f"{path}: {answer.status_code} {answer.text}")
            return None
        found: dict[str, Any] = answer.json()
        return found


def check(system: System, known: Known) -> None:
    """Every key that was ever answered is good, and the newest orders are there."""
    assert known.wrong == []
    for key in known.keys:
        with system.client(key["key"]) as trader:
            answer = trader.get("/api/orders", params={"limit": 500})
        assert answer.status_code == 200, f"{key['id']}: {answer.text}"
        listed = {order["order_id"] for order in answer.json()["orders"]}
        assert set(known.orders[-20:]) <= listed
    with system.admin() as admin:
        ring = admin.get("/.well-known/ws-keys").json()
    assert known.signing <= {key["kid"] for key in ring["keys"]}


@pytest.mark.slow
def test_every_answered_key_is_good_after_each_kill_under_load(system: System) -> None:
    chance = Random(7)
    known = Known([system.post("/api/v1/keys", account="handel", role="trader")])
    for kill in range(KILLS):
        clients = system.client(known.keys[-1]["key"]), system.admin()
        ready = partial(known.has, len(known.orders) + chance.choice(ANSWERS_BEFORE_KILL))
        threads = [
            threading.Thread(target=known.trade, args=(clients[0], f"kill-{kill}")),
            threading.Thread(target=known.rotate, args=(clients[1],)),
        ]
        for thread in threads:
            thread.start()
        wait_until(ready, 30, "answers")
        system.kill("hub")
        for thread in threads:
            thread.join()
        system.start_hub()
        check(system, known)
    assert len(known.keys) > KILLS
    assert known.signing
