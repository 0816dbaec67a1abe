"""``phoenyra-hub key``: what it does to the database and what it prints."""

import argparse

import pytest

from cloud.kernel import audit, commandline, keys
from cloud.kernel.database import Database
from tests.support.hub import NOON_US


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="key")
    commandline.add_arguments(parser)
    return parser.parse_args(words)


async def said(database: Database, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the command prints."""
    await commandline.run(database, options(*words), NOON_US)
    return capsys.readouterr().out.strip()


async def test_a_narrowed_key_is_made_listed_and_rotated(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--account", "handel", "--role", "trader", "--scope", "orders:read", "--days", "2")
    first = keys.id_of(await said(database, capsys, "add", *wish))
    line = f"{first} handel trader valid orders:read until "
    assert await said(database, capsys, "list") == f"{line}2026-11-23T12:00:00Z"
    second = keys.id_of(await said(database, capsys, "rotate", first, "--overlap-s", "60"))
    assert (await said(database, capsys, "list")).splitlines() == sorted(
        [
            f"{line}2026-11-21T12:01:00Z",
            f"{second} handel trader valid orders:read until 2026-11-23T12:00:00Z",
        ]
    )
    async with database.reading() as connection:
        log = await audit.newest(connection)
    assert [(row.entry.action, row.entry.result) for row in log] == [
        ("key.rotate", f"followed by {second}; ends within 60 s"),
        ("key.create", "trader of handel, orders:read, until 2026-11-23T12:00:00Z"),
        ("account.create", ""),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("add", "--account", "a", "--role", "trader", "--scope", "all"), "invalid choice: 'all'"),
        (("add", "--account", "a", "--role", "trader", "--days", "0"), "1 to 3660 is expected"),
        (("rotate", "0123456789ab", "--overlap-s", "-1"), "0 to 2592000 is expected"),
        (("rotate", "0123456789ab", "--overlap-s", "9999999"), "0 to 2592000 is expected"),
    ],
)
def test_a_wrong_word_costs_one_line(
    words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options(*words)
    assert expected in capsys.readouterr().err
