"""Who takes part in the demonstration, how the hub learns of them, and what boxes are told."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from simulators.demo_folder import Folder, State, write_private
from simulators.hub_client import HubClient, HubRefused

OWNER = "alpenspeicher"
_ACCOUNTS = {
    OWNER: "Alpenspeicher GmbH",
    "handelshaus": "Handelshaus",
    "stromkontor": "Stromkontor",
    "nachbarn": "Nachbarn im Netz",
}
_KEYS = {
    "trader": OWNER,
    "sites": OWNER,
    "maker": "handelshaus",
    "maker-2": "stromkontor",
    "crowd": "nachbarn",
}
"""API keys by use, and whose they are."""
_CONFLICT = 409
MARKET_FEEDS = """\
# Market data of the demonstration: from a seed, and labelled as simulated wherever it is shown.

[[feed]]
source = "simulated"
areas = ["AT", "DE-LU"]
kinds = [
  "price.day_ahead", "load.forecast", "load.actual", "generation.forecast", "generation.actual",
  "price.intraday_auction", "price.intraday", "weather.radiation", "weather.wind_speed",
]
seed = 7
history_days = 120  # the forecast asks all its members from 90 days on

[reference]
AT = "simulated"
DE-LU = "simulated"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSite:
    """One battery site."""

    id: str
    name: str
    power_kw: int
    capacity_kwh: int
    fcr_kw: int
    soc_pct: int
    """At the first second of every start."""


SITES = (
    DemoSite(
        id="werk-sued", name="Werk Süd", power_kw=100, capacity_kwh=200, fcr_kw=20, soc_pct=62
    ),
    DemoSite(id="hafen", name="Hafen", power_kw=250, capacity_kwh=500, fcr_kw=50, soc_pct=48),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, from one base."""

    base: int

    @property
    def hub(self) -> int:
        return self.base

    def page(self, index: int) -> int:
        return self.base + 81 + index

    def device(self, index: int) -> int:
        return self.base + 502 + index

    def named(self) -> dict[int, str]:
        """Return every port and what for."""
        named = {self.hub: "hub"}
        for index, site in enumerate(SITES):
            named[self.page(index)] = f"page of {site.name}"
            named[self.device(index)] = f"inverter of {site.name}"
        return named


PORT_BASE_MAX = 65_535 - 502 - len(SITES)


async def enrol(hub: HubClient, folder: Folder, state: State) -> None:
    """Make the hub know accounts, sites, boxes and keys; what it knows already stays."""
    for account, name in _ACCOUNTS.items():
        await _create(hub, "/api/v1/accounts", {"id": account, "name": name})
    for site in SITES:
        await _create(
            hub,
            "/api/v1/sites",
            {
                "id": site.id,
                "name": site.name,
                "account": OWNER,
                "power_kw": site.power_kw,
                "energy_kwh": site.capacity_kwh,
                "fcr_kw": site.fcr_kw,
            },
        )
        state.access_codes.setdefault(site.id, secrets.token_hex(4))
        if site.id not in state.boxes:
            box = await hub.post("/api/v1/gateways", {"site": site.id})
            state.boxes[site.id] = {name: box[name] for name in ("gateway", "key_id", "secret")}
            folder.save(state)
    for use, account in _KEYS.items():
        if use not in state.keys:
            made = await hub.post("/api/v1/keys", {"account": account, "role": "trader"})
            state.keys[use] = made["key"]
            folder.save(state)


def write_settings(folder: Folder, state: State, ports: Ports) -> None:
    """Write what agents and market are started with; the files hold secrets and are private."""
    keys = {
        "maker": [state.keys["maker"], state.keys["maker-2"]],
        "crowd": state.keys["crowd"],
        "sites": state.keys["sites"],
    }
    write_private(folder.market_keys, json.dumps(keys))
    for index, site in enumerate(SITES):
        folder.box(site.id).mkdir(exist_ok=True)
        write_private(settings_path(folder, site), _settings(folder, state, ports, site, index))


def settings_path(folder: Folder, site: DemoSite) -> Path:
    return folder.box(site.id) / "agent.toml"


def _settings(folder: Folder, state: State, ports: Ports, site: DemoSite, index: int) -> str:
    box = state.boxes[site.id]
    sections: dict[str, dict[str, object]] = {
        "": {
            "site": site.id,
            "site_name": site.name,
            "data_dir": str(folder.box(site.id)),
        },
        "[hub]": {"url": f"http://127.0.0.1:{ports.hub}", **box},
        "[page]": {"port": ports.page(index), "access_code": state.access_codes[site.id]},
        "[control]": {"discharge_kw_max": site.power_kw, "charge_kw_max": site.power_kw},
        "[[devices]]": {
            "id": "inverter",
            "kind": "modbus_tcp",
            "host": "127.0.0.1",
            "port": ports.device(index),
            "profile": "reference-inverter",
        },
    }
    lines = ["# Written by the demonstration at every start."]
    for head, values in sections.items():
        lines += ["", head] if head else []
        # a JSON number or ASCII text is the same in TOML
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


async def _create(hub: HubClient, path: str, body: dict[str, object]) -> None:
    try:
        await hub.post(path, body)
    except HubRefused as refused:
        if refused.status != _CONFLICT:
            raise
