"""OPC UA costs a box only where its site uses it: libraries loaded, and resident memory."""

from pathlib import Path

import httpx
import pytest

from tests.agent.test_memory import BEATS, log_in, resident_mb
from tests.support.agents import LoneBox, lone_box
from tests.support.system import free_port, wait_until

CONTROL_MB_MAX = 72
"""With OPC UA; without, see test_memory."""
IMPORTS = "PYTHONPROFILEIMPORTTIME"
"""Makes Python name every module that it loads."""


def loaded(box: LoneBox, name: str) -> set[str]:
    lines = box.system.log(name).splitlines()
    names = (line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:"))
    return {name.partition(".")[0] for name in names}


@pytest.mark.slow
def test_a_box_without_opc_ua_never_loads_its_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(IMPORTS, "1")
    with lone_box(tmp_path) as box:
        box.write_settings()
        box.start_inverter()
        box.start_control()
        box.start_gateway()
        wait_until(lambda: "begins" in box.system.log("control"), 20, "control works")
        wait_until(lambda: "page at" in box.system.log("gateway"), 20, "the gateway works")
        assert {"pymodbus", "uvicorn"} <= loaded(box, "control") | loaded(box, "gateway")
        assert "asyncua" not in loaded(box, "control") | loaded(box, "gateway")


@pytest.mark.slow
def test_a_box_whose_inverter_speaks_opc_ua_dispatches_it_within_its_memory(
    tmp_path: Path,
) -> None:
    port = free_port()
    with lone_box(tmp_path) as box:
        box.write_settings()
        text = box.config.read_text()
        head = text[: text.index("[[devices]]")]
        device = 'id = "inverter"\nkind = "opcua"\nprofile = "opcua-battery"\nsecurity = "none"\n'
        box.config.write_text(f'{head}[[devices]]\n{device}url = "opc.tcp://127.0.0.1:{port}"\n')
        arguments = ("opcua", "opcua-battery", "--port", str(port))
        box.system.start("server", "simulators.main", *arguments)
        wait_until(lambda: "listening on" in box.system.log("server"), 30, "the server listens")
        box.start_control()
        box.start_gateway()
        with httpx.Client(base_url=f"http://127.0.0.1:{box.page_port}", timeout=10) as client:
            wait_until(lambda: "page at" in box.system.log("gateway"), 20, "the page answers")
            log_in(client)

            def at_work() -> bool:
                control = client.get("/api/picture").json()["control"]
                return bool(control) and control["beats"] >= BEATS

            wait_until(at_work, 30, "control has worked for a while")
            assert client.get("/api/picture").json()["control"]["mode"] == "automatic"
        control_mb = resident_mb(box, "control")
    assert control_mb <= CONTROL_MB_MAX
