"""Secrets in a settings file: kept where a new file masks them, masked where one is shown. Pure.

A secret never leaves the box, so whoever writes new settings at the hub cannot know it: there it
stands as ``"***"``, and means the value that the box has at the same place. Devices are the same
when they have the same id.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

MASK = "***"
_MASKED = re.compile(r"""(["'])\*\*\*\1""")
_ASSIGNED = re.compile(
    r"""(?m)^(\s*[\w."'-]*(?:secret|password|passphrase|access_code|api_key|token)[\w."'-]*\s*=\s*).*$"""
)
_Path = tuple[str, ...]


class NothingToKeep(ValueError):
    """A masked value for which the box has none; the text names the key."""


def fill(candidate: str, old: str) -> str:
    """Return `candidate` with every mask replaced by what `old` has at the same key.

    Raises:
        NothingToKeep: `old` has no text there.
        tomllib.TOMLDecodeError: one of the two is no TOML.
    """
    marks: dict[str, str] = {}
    name = hashlib.sha256(candidate.encode("utf-8")).hexdigest()

    def mark(found: re.Match[str]) -> str:
        token = f"{name}-{len(marks)}"
        marks[token] = found[0]
        return f'"{token}"'

    marked = _MASKED.sub(mark, candidate)
    known = dict(_texts(tomllib.loads(old)))
    for path, value in list(_texts(tomllib.loads(marked))):
        if value not in marks:
            continue
        if path not in known:
            raise NothingToKeep(f'{".".join(path)}: "{MASK}" is not allowed; the box has no value')
        marks[value] = _quoted(known[path])
    for token, text in marks.items():  # also back to what it was, where it was only a comment
        marked = marked.replace(f'"{token}"', text)
    return marked


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return settings as they may be shown: without `secrets` and what is named like one."""
    return without(_ASSIGNED.sub(lambda found: f'{found[1]}"{MASK}"', text), secrets)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return any text without `secrets`."""
    shown = text
    for secret in sorted({one for one in secrets if one}, key=len, reverse=True):
        shown = shown.replace(secret, MASK)
    return shown


def _texts(value: object, path: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """Yield every text with its place; an entry of a list by its id, where it has one."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            name = inner.get("id") if isinstance(inner, Mapping) else None
            place = f"id={name}" if isinstance(name, str) else str(index)
            yield from _texts(inner, (*path, place))


def _quoted(text: str) -> str:
    """Return the TOML string; JSON's escapes are TOML's, but for the one control it leaves."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
