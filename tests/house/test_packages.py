"""What is installed with the product: locked by hash, licensed for it, and light on the box."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata, packages_distributions

import pytest

from tests.support.locked import agent_lock, closure, entries, locked, modules_of
from tests.support.source import PACKAGES, ROOT, check, files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FREE = {
    "MIT",
    "MIT-0",
    "ISC",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "PSF-2.0",
    "0BSD",
    "Zlib",
    "CC0-1.0",
}
COPYLEFT = {"MPL-2.0", "LGPL-3.0-or-later"}
"""Licences that ask for care: imported unmodified, and each package under them is named."""
SHIPPED_COPYLEFT = {"certifi", "asyncua"}
SHIPPED = FREE | COPYLEFT
_CLASSIFIERS = {
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_FREE_TEXT = {
    "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
}
OPENED_WITH_A_DEVICE = {"drivers.rest.client", "drivers.rest.device"}
"""The registry loads these for a site that has such a device, and httpx with them."""
LOADED_WHERE_ASKED_FOR = {
    "agent.scada.opcua",
    "agent.scada.standard",
    "agent.publish.main",
    "agent.publish.speaker",
    "agent.publish.sparkplug",
    "agent.discover.main",
    "agent.discover.modbus",
    "agent.discover.scan",
}
"""The settings or a verb ask for these; they bring asyncua, aiomqtt, protobuf, pymodbus along."""
HEAVY_FOR_CONTROL = {
    "aiosqlite",
    "sqlite3",
    "httpx",
    "fastapi",
    "starlette",
    "uvicorn",
    "jinja2",
    "prometheus_client",
}
HEAVY_FOR_THE_BOX = {
    "sqlalchemy",
    "alembic",
    "asyncpg",
    "websockets",
    "amqtt",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
}


def licences(name: str) -> set[str]:
    """Return the SPDX identifiers of an installed package that we take it under."""
    facts = metadata(name)
    for expression in facts.get_all("License-Expression") or []:
        choices = [set(choice.split(" AND ")) for choice in expression.split(" OR ")]
        return next((choice for choice in choices if choice <= SHIPPED), choices[0])
    named = [line for line in facts.get_all("Classifier") or [] if "OSI Approved :: " in line]
    if named:
        texts = [line.rpartition(" :: ")[2] for line in named]
        return {_CLASSIFIERS.get(text, text) for text in texts}
    return {_FREE_TEXT.get(text, text) for text in facts.get_all("License") or ["nothing"]}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_is_under_a_licence_of_the_table(lock: str) -> None:
    check(
        f"{lock}:1: {name} is under {', '.join(sorted(found))}; see the table of licences"
        for name in locked(lock)
        if not (found := licences(name)) <= SHIPPED
    )


def test_what_is_shipped_under_a_copyleft_licence_is_named() -> None:
    shipped = locked("requirements.lock")
    assert {name for name in shipped if licences(name) & COPYLEFT} == SHIPPED_COPYLEFT


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_is_held_by_its_hashes(lock: str) -> None:
    assert len(entries(lock)) > 20
    check(
        f"{lock}:1: {name} has no hash"
        for name, text in entries(lock).items()
        if not re.search(r"--hash=sha256:[0-9a-f]{64}", text)
    )


def test_the_lock_of_a_box_holds_what_a_box_needs_of_the_whole_lock() -> None:
    written = (ROOT / "deploy/requirements-agent.lock").read_text(encoding="utf-8")
    assert written == agent_lock(), "deploy/README.md says how to write it anew"
    assert not entries("deploy/requirements-agent.lock").keys() & HEAVY_FOR_THE_BOX


def test_tests_run_against_the_versions_that_are_shipped() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_the_lock_holds_what_the_project_asks_for_and_nothing_else() -> None:
    project = PROJECT["project"]
    extras = [need for needs in project["optional-dependencies"].values() for need in needs]
    assert set(locked("requirements.lock")) == closure([*project["dependencies"], *extras])


def test_the_wheel_holds_our_packages_with_their_data_and_no_name_collides() -> None:
    target = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(target["packages"]) == set(PACKAGES)
    owned = {
        name for name, owners in packages_distributions().items() if owners != ["phoenyra-bess"]
    }
    assert not owned & set(PACKAGES)
    data = [str(path) for path in files(*PACKAGES) if path.suffix != ".py"]
    assert any(name.endswith(".toml") for name in data)
    ignored = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "check-ignore", "--", *data],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ignored.stdout == "", "ignored by git, so left out of the wheel"


def modules_after_import(names: list[str], refused: set[str]) -> set[str]:
    """Import the modules in a fresh interpreter that refuses some, and return what is loaded."""
    script = f"""
import importlib, json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(f"{{name}} is not part of this installation", name=name)
sys.meta_path.insert(0, Refuse())
for name in {names!r}:
    importlib.import_module(name)
sys.stdout.write(json.dumps(list(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


def modules_in(*folders: str) -> list[str]:
    paths = [path.with_suffix("") for path in files(*folders, suffixes=[".py"])]
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def test_the_agent_can_be_imported_from_its_base_installation() -> None:
    base = modules_of(closure(PROJECT["project"]["dependencies"]))
    others = set(packages_distributions()) - base - set(PACKAGES)
    assert {"pymodbus", "sqlalchemy"} <= others
    names = [name for name in modules_in("agent") if name not in LOADED_WHERE_ASKED_FOR]
    loaded = modules_after_import(names, others)
    assert {"agent.control", "agent.gateway"} <= loaded
    assert not loaded & HEAVY_FOR_THE_BOX


def test_control_loads_neither_database_nor_web() -> None:
    names = {*modules_in("agent/control", "drivers"), "agent.link", "agent.settings"}
    names -= OPENED_WITH_A_DEVICE
    loaded = modules_after_import(sorted(names), set())
    assert "pymodbus" in loaded
    assert not loaded & (HEAVY_FOR_CONTROL | HEAVY_FOR_THE_BOX)


def test_wire_is_imported_without_any_library() -> None:
    loaded = modules_after_import(modules_in("wire"), set(packages_distributions()) - set(PACKAGES))
    assert "wire.block" in loaded
