"""A state of charge for a site of a real hub, told by a box of its own: without one nobody trades.

It is fresh for a quarter of an hour; a site with a real agent needs none of this.
"""

import httpx

from tests.support.hub import telemetry
from tests.support.system import System, wait_until
from wire import signing, sync
from wire.clock import SystemClock
from wire.signing import Key
from wire.sync import Upload

SOC = "battery.soc_pct"


def charge(system: System, site: str, soc_pct: float = 50) -> None:
    """Upload a state of charge, as a box that was enrolled for it."""
    made = system.post("/api/v1/gateways", site=site)
    now_us = SystemClock(round(system.shift_s * 1e6)).now_us()
    frame = telemetry(1, now_us, soc_pct=soc_pct)
    body = sync.encode_upload(Upload(made["gateway"], "epoch-1", (frame,), None))
    key = Key(made["key_id"], bytes.fromhex(made["secret"]))
    request = signing.Request("POST", sync.UPLOAD_PATH, body)
    header = signing.sign(request, key, now_us, f"{now_us:016x}"[-16:])
    answer = httpx.post(
        system.hub_url + sync.UPLOAD_PATH, content=body, headers={"Authorization": header}
    )
    assert answer.status_code == 200, answer.text


def wait_until_charged(system: System, site: str, timeout_s: float = 60) -> None:
    """Wait until the site's own box has told its state of charge."""
    wait_until(lambda: system.newest(site).get(SOC) is not None, timeout_s, "a state of charge")
