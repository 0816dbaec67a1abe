"""`agent.scada.standard`: the standard's nodes are built once, whatever keeps Python's files."""

from pathlib import Path

from asyncua.server.internal_server import InternalServer

from agent.scada.standard import build


async def test_what_has_been_built_is_read_and_not_built_again(tmp_path: Path) -> None:
    folder = tmp_path / "standard"
    await build(folder)
    built = written(folder)
    await InternalServer().load_standard_address_space(folder / "nodes")
    assert written(folder) == built


def written(folder: Path) -> dict[str, int]:
    """Return when each file was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
