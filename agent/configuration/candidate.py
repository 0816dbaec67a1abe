"""New settings, looked at before they are tried: filled, compared, and checked by a dry run."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agent.configuration import masks
from agent.settings import AgentSettings, BadSettings, load

CHECK_S_MAX = 30.0
_ENDING = ".candidate"
_LINES_MAX = 5


class BadCandidate(Exception):
    """The settings cannot be used on this box; the text says why, in one line."""


async def looked_at(path: Path, text: str, settings: AgentSettings) -> str:
    """Return `text` with its masks filled: good settings for the box that runs with `settings`.

    Args:
        path: the settings file in force; the candidate lies beside it for the time of the check.
        text: the whole new file.
        settings: what the box runs with.

    Raises:
        BadCandidate: they are not, or could not be looked at.
    """
    draft = _beside(path)
    try:
        filled = await asyncio.to_thread(_draft, path, draft, text, settings)
        await _check(draft)
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
    return filled


def forget(path: Path) -> None:
    """Remove what a gateway that was killed during a check left behind: secrets are in it."""
    with suppress(OSError):
        _beside(path).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _ENDING)


def _draft(path: Path, draft: Path, text: str, settings: AgentSettings) -> str:
    """Write the candidate beside the settings, load it and compare; return it with masks filled."""
    try:
        filled = masks.fill(text, path.read_text(encoding="utf-8"))
        draft.touch(mode=0o600)
        draft.write_text(filled, encoding="utf-8")
        changed = list(_fixed(settings, load(draft)))
    except BadSettings as error:
        raise BadCandidate(_short(str(error), draft)) from error
    except OSError as error:
        raise BadCandidate(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise BadCandidate(str(error)) from error
    if changed:
        raise BadCandidate("; ".join(changed))
    return filled


def _fixed(before: AgentSettings, after: AgentSettings) -> Iterator[str]:
    """Yield what may not change: whose data these are, where they lie, who the box is.

    Nor which program updates it: whoever takes over a hub shall not run any on every box.
    """
    if after.site != before.site:
        yield f"site: {after.site!r} is not allowed; {before.site!r} is expected"
    if after.data_dir != before.data_dir:
        yield f"data_dir: {after.data_dir} is not allowed; {before.data_dir} is expected"
    if after.update != before.update:
        yield "update: is not allowed to change from afar; it says what may be run on this box"
    if before.hub is not None and after.hub is None:
        yield "hub: is missing; the box would be out of reach"
    elif before.hub is not None and after.hub is not None:
        for key in ("gateway", "key_id", "secret"):
            if getattr(after.hub, key) != getattr(before.hub, key):
                yield f"hub.{key}: is not allowed to change; leave it as it is"


async def _check(draft: Path) -> None:
    """Have another process open everything that control would, without asking any device."""
    command = (sys.executable, "-m", "agent.main", "check", "--config", str(draft))
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(CHECK_S_MAX):
            _, said = await process.communicate()
    except TimeoutError as error:
        raise BadCandidate(f"the check took more than {CHECK_S_MAX:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise BadCandidate(_short(said.decode("utf-8", "replace"), draft))


def _short(text: str, draft: Path) -> str:
    lines = [
        line.replace("phoenyra-agent: ", "").replace(f"{draft}: ", "")
        for line in text.strip().splitlines()
    ]
    more = f" (and {len(lines) - _LINES_MAX} more)" if len(lines) > _LINES_MAX else ""
    return "; ".join(lines[:_LINES_MAX]) + more or "the check failed and said nothing"
