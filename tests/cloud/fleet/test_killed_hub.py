"""A hub that is killed at any moment has each frame that it acknowledged, and has it once."""

import json
import random
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.hub import NOON_US, telemetry
from tests.support.system import System, running_system, wait_until
from wire import signing, sync
from wire.clock import SystemClock
from wire.signing import Key
from wire.sync import UPLOAD_PATH, Ack, Frame, Upload

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
KILLS = 6
"""Of the whole hub, over HTTP."""
FRAMES_MIN = 20
"""Acknowledged before each of these, however slow the machine is."""
FORKED_KILLS = 100
"""Of its database and its ingest."""
SEED = 20_261_121


class Sender:
    """A gateway without a disk: sends frames until nobody answers, remembers what was promised."""

    def __init__(self, system: System, gateway: str, key: Key) -> None:
        self._system = system
        self._gateway = gateway
        self._key = key
        self._nonce = random.Random(SEED)
        self.acked = -1

    def upload(self, frames: tuple[Frame, ...]) -> Ack:
        body = sync.encode_upload(Upload(self._gateway, "epoch-1", frames, self.acked))
        request = signing.Request("POST", UPLOAD_PATH, body)
        nonce = f"{self._nonce.getrandbits(64):016x}"
        header = signing.sign(request, self._key, SystemClock().now_us(), nonce)
        answer = httpx.post(
            self._system.hub_url + UPLOAD_PATH,
            content=body,
            headers={"Authorization": header},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return sync.ack_from_document(answer.json())

    def has(self, seq: int) -> bool:
        """Tell whether the frame has been promised."""
        return self.acked >= seq

    def send_until_nobody_answers(self) -> None:
        try:
            while True:
                first = self.acked + 1
                frames = tuple(
                    telemetry(n, NOON_US + n, soc_pct=float(n)) for n in range(first, first + 20)
                )
                self.acked = self.upload(frames).seq
        except httpx.TransportError:
            return


def test_no_kill_costs_an_acknowledged_frame(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with running_system(tmp_path) as system:
        system.post("/api/v1/accounts", id="stadtwerk")
        system.add_site("werk-sued", "stadtwerk")
        made = system.post("/api/v1/gateways", site="werk-sued")
        sender = Sender(system, made["gateway"], Key(made["key_id"], bytes.fromhex(made["secret"])))
        for _ in range(KILLS):
            promised = sender.acked
            sending = threading.Thread(target=sender.send_until_nobody_answers)
            sending.start()
            wait_until(partial(sender.has, promised + FRAMES_MIN), 30.0, "frames are taken")
            sending.join(chance.uniform(0.0, 0.6))
            system.kill("hub")
            sending.join(20)
            system.start_hub()
            answered = sender.acked
            sender.acked = sender.upload(()).seq
            assert sender.acked >= answered >= promised
        with system.admin() as client:
            answer = client.get(
                "/api/v1/sites/werk-sued/telemetry",
                params={"from": "2026-11-21T12:00:00Z", "limit": 50_000},
            ).json()
    (series,) = answer["points"]
    numbers = [value for _, value, _ in series["samples"]]
    assert answer["next"] is None
    assert numbers == [float(n) for n in range(sender.acked + 1)]
    assert len(numbers) >= KILLS * FRAMES_MIN, "the hub was killed while it was at work"


def test_a_hundred_kills_cost_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    """While it takes in and while it rolls up; see `bench.crash_hub`."""
    arguments = [str(tmp_path), str(FORKED_KILLS), str(SEED)]
    command = [sys.executable, "-m", "bench.crash_hub", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["lost"], result["duplicates"], result["wrong"]) == (0, 0, [])
    assert result["kills"] == FORKED_KILLS
    assert result["acknowledged"] > 1_000, "the hub was killed while it was at work"
