"""docs/guide/control.md: the settings that it shows for connection and strategies are taken."""

import re
import tomllib

from agent.control.config import ControlSettings
from agent.control.local.config import ConnectionSettings, LocalSettings
from agent.control.response.config import FrequencySettings
from tests.support.source import ROOT


def test_the_example_of_the_guide_is_taken_as_it_stands() -> None:
    text = (ROOT / "docs/guide/control.md").read_text(encoding="utf-8")
    (example,) = (
        found
        for found in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        if "[connection]" in found
    )
    document = tomllib.loads(example)
    assert ConnectionSettings.model_validate(document["connection"]).limited
    local = LocalSettings.model_validate(document["local"])
    assert local.peak_shaving is not None
    assert local.calendar[0].power_kw == -50


def test_every_example_of_the_guide_is_taken_by_its_section() -> None:
    text = (ROOT / "docs/guide/control.md").read_text(encoding="utf-8")
    size = {"discharge_kw_max": 100.0, "charge_kw_max": 100.0}
    sections: set[str] = set()
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        document = tomllib.loads(example)
        sections |= document.keys()
        ControlSettings.model_validate({**size, **document.get("control", {})})
        FrequencySettings.model_validate(document.get("frequency", {}))
    assert sections == {"control", "frequency", "connection", "local"}
