"""One box without a hub: its settings file, its simulated inverter, its processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.system import System, free_port, wait_until

SITE = "werk"
START_TIMEOUT_S = 20.0


@dataclass(slots=True)
class LoneBox:
    """A site's box and its inverter, each process by name in `system`."""

    system: System
    device_port: int = field(default_factory=free_port)
    page_port: int = field(default_factory=free_port)

    @property
    def config(self) -> Path:
        return self.system.folder / "site.toml"

    @property
    def socket_path(self) -> Path:
        return self.system.folder / "data" / "control.sock"

    def write_settings(self, *, hub_port: int | None = None) -> None:
        """Write the settings; with a port, there is a hub that nobody answers for."""
        hub = f"""
[hub]
url = "http://127.0.0.1:{hub_port}"
gateway = "gw-1"
key_id = "key-1"
secret = "{"ab" * 32}"
"""
        self.config.write_text(
            f"""
site = "{SITE}"
data_dir = "{self.system.folder / "data"}"
{hub if hub_port else ""}
[page]
port = {self.page_port}
access_code = "technician-1"

[control]
discharge_kw_max = 100
charge_kw_max = 100

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {self.device_port}
"""
        )
        self.config.chmod(0o600)

    def start_inverter(self) -> None:
        self.system.start_device("inverter", self.device_port)

    def start_control(self, *arguments: str) -> None:
        """Start control and wait until it listens for the gateway."""
        self.socket_path.unlink(missing_ok=True)
        process = self.system.start(
            "control", "agent.main", "control", "--config", str(self.config), *arguments
        )

        def listens() -> bool:
            assert process.poll() is None, self.system.log("control")
            return self.socket_path.exists()

        wait_until(listens, START_TIMEOUT_S, "control listens")

    def start_gateway(self) -> None:
        self.system.start("gateway", "agent.main", "gateway", "--config", str(self.config))


@contextmanager
def lone_box(folder: Path) -> Iterator[LoneBox]:
    """Give a box whose processes end with the test, whatever happens in it."""
    system = System(folder)
    try:
        box = LoneBox(system)
        box.write_settings()
        yield box
    finally:
        for process in system.processes.values():
            process.kill()
            process.wait()
