"""drivers.config: settings of devices cost little memory, in control as in the gateway."""

import re
from pathlib import Path

import drivers

COUNT_MAX = 64
_COUNTED = re.compile(r'pattern=r".*?"|= r"\^.*?"')


def test_no_pattern_repeats_anything_a_hundred_times() -> None:
    """Such a pattern is compiled into megabytes; a greatest length says the same."""
    root = Path(drivers.__file__).parent
    for path in [*root.rglob("config.py"), root.parent / "agent" / "settings.py"]:
        for pattern in _COUNTED.findall(path.read_text()):
            counts = [int(most) for most in re.findall(r"\{\d*,(\d+)\}", pattern)]
            assert max(counts, default=0) <= COUNT_MAX, f"{path.name}: {pattern}"
