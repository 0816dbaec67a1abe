"""agent.gateway.policy and ``[buffer]``: the guide's example works, and wrong rules are told."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.gateway.buffer import DEFAULT_BOUNDS
from agent.gateway.pack import SETTLEMENT_POINTS
from agent.gateway.policy import bounds_of, packer_of
from agent.settings import BufferSettings

GUIDE = Path("docs/guide/buffer.md")


def example() -> BufferSettings:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return BufferSettings(**tomllib.loads(text)["buffer"])


def test_the_guides_example_is_the_default_but_for_its_rules() -> None:
    assert example().model_copy(update={"rules": ()}) == BufferSettings()
    assert len(example().rules) == 2
    assert packer_of(example()).pack([]) == []


def test_the_settings_default_is_the_buffers_own() -> None:
    assert bounds_of(BufferSettings()) == DEFAULT_BOUNDS
    assert BufferSettings().settlement_points == SETTLEMENT_POINTS


@pytest.mark.parametrize(
    "rule",
    [
        {"points": []},
        {"points": ["Battery Temp"]},
        {"points": ["a.b"], "deadband": -1},
        {"points": ["a.b"], "period_s": 60, "heartbeat_s": 30},
        {"points": ["a.b"], "unknown": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BufferSettings.model_validate({"rules": [rule]})
