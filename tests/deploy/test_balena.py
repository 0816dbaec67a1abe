"""deploy/balena/: files that a balena builder accepts, for 64-bit boxes, with few rights.

The list of what its supervisor knows of a compose file is from its reference, docker-compose.yml
fields (2.4).
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.settings import BadSettings, load
from tests.support.source import ROOT

FOLDER = ROOT / "deploy" / "balena"
COMPOSE: Any = yaml.safe_load((FOLDER / "docker-compose.yml").read_text(encoding="utf-8"))
RELEASE: Any = yaml.safe_load((FOLDER / "balena.yml").read_text(encoding="utf-8"))
SERVICE_KEYS = {
    "build",
    "cap_add",
    "cap_drop",
    "command",
    "cpuset",
    "depends_on",
    "devices",
    "environment",
    "healthcheck",
    "labels",
    "mem_limit",
    "oom_score_adj",
    "pids_limit",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "stop_signal",
    "tmpfs",
    "ulimits",
    "user",
    "volumes",
}
DEVICES_32_BIT = {"raspberrypi", "raspberrypi2", "raspberrypi3", "raspberry-pi", "beaglebone-black"}
VERBS = {"control", "gateway"}


def instructions() -> list[tuple[str, str]]:
    """Return each instruction of the Dockerfile with its text, continued lines joined."""
    text = (FOLDER / "Dockerfile.template").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined]


def test_the_compose_file_uses_only_what_balena_knows() -> None:
    assert COMPOSE["version"] == "2.4"
    assert COMPOSE.keys() == {"version", "volumes", "services"}
    for name, service in COMPOSE["services"].items():
        assert service.keys() <= SERVICE_KEYS, name
        assert service["build"].keys() == {"context", "dockerfile"}
    assert "${" not in json.dumps(COMPOSE), "balena replaces no variables"


def test_control_and_gateway_are_two_services_that_meet_in_one_volume() -> None:
    services = COMPOSE["services"]
    assert set(services) == VERBS
    for name, service in services.items():
        assert service["command"] == [name, "--config", "/etc/phoenyra/agent.toml"]
        assert service["volumes"] == ["data:/data"]
        assert service["restart"] == "always"
    assert set(COMPOSE["volumes"]) == {"data"}


def test_no_service_has_a_right_that_it_does_not_need() -> None:
    for service in COMPOSE["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert not {"cap_add", "privileged", "network_mode", "devices"} & service.keys()
        assert service["read_only"] is True
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit"} <= service.keys()
    assert COMPOSE["services"]["control"]["ulimits"] == {"rtprio": 20}
    assert "ports" not in COMPOSE["services"]["control"]


def test_the_release_is_described_for_64_bit_boxes_in_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (RELEASE["name"], RELEASE["version"]) == (project["name"], project["version"])
    assert RELEASE["type"] == "sw.application"
    types = RELEASE["data"]["supportedDeviceTypes"]
    assert RELEASE["data"]["defaultDeviceType"] in types
    assert not DEVICES_32_BIT & set(types)


def test_the_image_is_pinned_runs_as_nobody_and_starts_the_agent() -> None:
    steps = instructions()
    bases = [text.split()[0] for step, text in steps if step == "FROM"]
    assert all(re.fullmatch(r"python:3\.11-slim-[a-z]+", base) for base in bases)
    assert steps[0][0] == "FROM"
    last = dict(steps)
    assert last["USER"] == "phoenyra"
    assert json.loads(last["ENTRYPOINT"]) == ["/opt/phoenyra/bin/python", "-m", "agent.main"]
    assert any("%%BALENA_ARCH%%" in text for step, text in steps if step == "RUN")


def test_the_image_installs_only_what_is_locked_and_copies_only_what_exists() -> None:
    for step, text in instructions():
        assert step != "ADD", "COPY says what it does"
        if step == "RUN":
            assert not re.search(r"curl|wget|git clone|apt(-get)? ", text), text
            assert "pip install" not in text or "--require-hashes" in text, text
        if step == "COPY" and not text.startswith("--from"):
            source = text.split()[0]
            assert (ROOT / source).exists(), source
            assert source.partition("/")[0] in {"wire", "drivers", "agent", "deploy"}, source


def test_no_part_of_the_hub_is_in_the_image() -> None:
    copied = " ".join(text for step, text in instructions() if step == "COPY")
    assert "cloud" not in copied
    assert "requirements-agent.lock" in copied


def example() -> dict[str, str]:
    """Return the device variables that deploy/README.md shows."""
    text = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^    (PHOENYRA_AGENT_[A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_a_box_is_set_up_by_its_device_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = example()
    assert len(variables) == 4
    for name, value in variables.items():
        secret = value.replace('"secret": "…"', f'"secret": "{"0f" * 32}"')
        monkeypatch.setenv(name, secret.replace("…", "gw-1"))
    settings = load(FOLDER / "agent.toml")
    assert (settings.site, settings.data_dir) == ("werk-sued", Path("/data"))
    assert (settings.page.host, settings.page.port) == ("0.0.0.0", 8080)
    assert [device.id for device in settings.devices] == ["inverter-1"]
    assert settings.hub is not None


def test_a_box_without_its_variables_says_which_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in example():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadSettings) as caught:
        load(FOLDER / "agent.toml")
    assert {"site", "control", "devices"} == {
        line.split(": ")[1] for line in str(caught.value).splitlines()
    }
