"""docs/guide/archive.md: its columns, settings and commands are those of the program."""

import re
import tomllib
from pathlib import Path

from agent.archive import table
from agent.archive.arguments import FORMATS
from agent.archive.columns import BY_NAME
from agent.archive.config import ArchiveSettings
from agent.main import _parser

GUIDE = Path("docs/guide/archive.md")
TEXT = GUIDE.read_text(encoding="utf-8")


def test_the_guide_names_every_column_of_the_file_in_its_order_and_says_what_it_means() -> None:
    section = TEXT.partition("## Columns")[2]
    named = [
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert sorted(named) == sorted(table.HEADER)
    for name in table.NAMES:
        assert f"| `{name}` | {BY_NAME[name].meaning} |" in section


def test_the_settings_that_the_guide_prints_are_the_defaults() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert ArchiveSettings(**tomllib.loads(block)["archive"]) == ArchiveSettings()


def test_every_command_that_the_guide_prints_is_taken_and_every_format_is_named() -> None:
    commands = re.findall(r"^phoenyra-agent (export .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert _parser().parse_args(command.split()).verb == "export"
    assert all(f"| `{name}` |" in TEXT for name in FORMATS)
