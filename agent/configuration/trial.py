"""New settings on trial: the old file stays beside them until the box has been well with them.

The marker ``NAME.trial`` beside the settings is written before the file is replaced, and is looked
at by every start before the settings are read. So the way back does not depend on the new settings
being readable, nor on any process living long enough: a file that cannot be loaded, or with which
the gateway comes to no verdict in `STARTS_MAX` starts, is replaced by the old one.
"""

import hashlib
import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from agent.configuration.health import Trial
from agent.durable import replace_durably

STARTS_MAX = 3
"""Starts of the gateway in which the box must come to a verdict."""
FILE_BYTES_MAX = 1024**2
_MARKER, _BEFORE, _DRAFT = ".trial", ".before", ".new"

_logger = logging.getLogger(__name__)


class TrialImpossible(Exception):
    """The folder of the settings cannot be written; one line."""


def read(path: Path) -> Trial | None:
    """Return the trial of the settings at `path`; None: there is none."""
    try:
        document = json.loads(_beside(path.resolve(), _MARKER).read_bytes())
        return Trial(**{**document, "devices": tuple(document["devices"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        _logger.error("%s cannot be read: %r", _beside(path, _MARKER), error)
        return None


def begin(path: Path, text: str, trial: Trial) -> None:
    """Put `text` in place of the settings at `path`, on trial.

    Raises:
        TrialImpossible: nothing was changed.
    """
    path = path.resolve()
    try:
        _write(_beside(path, _BEFORE), path.read_bytes())
        _mark(path, trial)
        _write(path, text.encode("utf-8"))
    except OSError as error:
        with suppress(OSError):
            _beside(path, _MARKER).unlink(missing_ok=True)
        raise TrialImpossible(f"{path}: cannot be replaced: {error.strerror}") from error


def guard(path: Path, *, counted: bool) -> None:
    """Before the settings are read: take them back if the trial says so.

    `counted`: this is a start of the gateway, which is to come to a verdict.
    """
    path = path.resolve()
    trial = read(path)
    if trial is None:
        return
    now = _digest(path)
    if trial.failed:
        if now != trial.old:
            try:
                _restore(path)
            except OSError as error:
                _logger.critical("the old settings cannot be put back: %s", error)
    elif now == trial.old:
        roll_back(path, "the box stopped before the new settings were in place")
    elif counted:
        if trial.starts >= STARTS_MAX:
            roll_back(path, f"no verdict in {STARTS_MAX} starts")
        else:
            with suppress(OSError):
                _mark(path, replace(trial, starts=trial.starts + 1))


def roll_back(path: Path, reason: str) -> bool:
    """Put the old settings back; False: there is no trial to be ended.

    Two processes may do so at once, and any of the steps may be the last before a power cut: the
    marker says first that the old file is to be there, and every start sees to it.
    """
    path = path.resolve()
    trial = read(path)
    if trial is None or trial.failed:
        return False
    _logger.error("the new settings are taken back: %s", reason)
    try:
        _mark(path, replace(trial, failed=reason[:500] or "not well"))
        _restore(path)
    except OSError as error:
        _logger.critical("the old settings cannot be put back: %s", error)
        return False
    return True


def finish(path: Path) -> None:
    """End the trial: whatever settings are in place stay."""
    path = path.resolve()
    for ending in (_MARKER, _BEFORE):
        with suppress(OSError):
            _beside(path, ending).unlink(missing_ok=True)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _restore(path: Path) -> None:
    with suppress(FileNotFoundError):
        _write(path, _beside(path, _BEFORE).read_bytes())


def _mark(path: Path, trial: Trial) -> None:
    _write(_beside(path, _MARKER), json.dumps(asdict(trial)).encode("utf-8"))


def _write(path: Path, content: bytes) -> None:
    """Put `content` in place: whole, durable, readable by us alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}{_DRAFT}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(content)
        replace_durably(draft, path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
