"""agent.version: the installed package's version, and one word for what runs from source."""

import sys
from pathlib import Path

import pytest

from agent.doctor.machine import looked_at
from agent.version import FROM_SOURCE, version


def said_by_the_doctor(folder: Path) -> str:
    return next(iter(looked_at(folder, folder / "buffer.db", lambda: 0.0, running=True))).text


def test_a_package_has_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "phoenyra_bess-9.8.7.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: phoenyra-bess\nVersion: 9.8.7")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert version() == "9.8.7"
    assert said_by_the_doctor(tmp_path).startswith("agent 9.8.7, Python 3.")


def test_what_runs_from_source_says_so_in_one_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert version() == FROM_SOURCE == "source"
    assert said_by_the_doctor(tmp_path).startswith("agent source, Python 3.")
