"""Reading a TOML table strictly: one clear line for what is wrong.

Every key is taken by name, type and range; what nobody took is unknown and refused. A mistake is
a `ProfileError` that names the file, the key, the value and what is allowed.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar

from drivers.errors import ProfileError

FILE_BYTES_MAX = 1024 * 1024
_Choice = TypeVar("_Choice", bound=StrEnum)


class Follows(ProfileError):
    """A mistake that only follows from another one, which is told already."""


class Mistakes:
    """The mistakes of one file: collected part by part, so that a person learns all at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def caught(self) -> Self:
        """Return what keeps a mistake of one part, so that the next can be looked at."""
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        if isinstance(error, ProfileError) and not isinstance(error, Follows):
            self.lines.extend(error.lines)
        return isinstance(error, ProfileError)

    def tell(self) -> None:
        """End the reading when something was wrong.

        Raises:
            ProfileError: its text is the first mistake; its `lines` are all of them.
        """
        if self.lines:
            raise ProfileError(*self.lines)


class Table:
    """One table of a TOML file; take its keys, then `close` it."""

    def __init__(self, where: str, content: Mapping[str, object]) -> None:
        self._where = where
        self._content = content
        self._taken: list[str] = []

    @property
    def named(self) -> str:
        """Return the name it gives itself, or nothing."""
        name = self._content.get("name")
        return name if isinstance(name, str) else ""

    def entry(self, key: str, content: Mapping[str, object]) -> "Table":
        """Return something that stands at `key`, to be read as a table."""
        return Table(f"{self._where}{key}.", content)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not empty."""
        value = self._take(key, default, "text")
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(key, value, "text")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number within ``[low, high]``; without a default it must be there."""
        allowed = f"a number from {low:g} to {high:g}"
        value = self._take(key, default, allowed)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, value, allowed)
        if not low <= value <= high:
            raise self.wrong(key, value, allowed)
        return float(value)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within ``[low, high]``; without a default it must be there."""
        allowed = f"a whole number from {low} to {high}"
        value = self._take(key, default, allowed)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value, allowed)
        return value

    def integers(self, key: str, low: int, high: int, most: int) -> tuple[int, ...]:
        """Return a list of whole numbers, empty when the key is missing."""
        allowed = f"a list of at most {most} whole numbers from {low} to {high}"
        value = self._take(key, [], allowed)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(key, value, allowed)
        if not all(type(item) is int and low <= item <= high for item in value):
            raise self.wrong(key, value, allowed)
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._take(key, default, "true or false")
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def choice(self, key: str, among: type[_Choice], default: _Choice | None = None) -> _Choice:
        allowed = ", ".join(member.value for member in among)
        value = self._take(key, default, allowed)
        for member in among:
            if value == member.value:
                return member
        raise self.wrong(key, value, allowed)

    def raw(self, key: str, allowed: str, default: object = None) -> object:
        """Return a value of any type for the caller to check; without a default it must be there.

        Args:
            key: taken by this.
            allowed: what is expected, for the message when it is missing.
            default: what stands for a missing key.
        """
        return self._take(key, default, allowed)

    def has(self, key: str) -> bool:
        return key in self._content

    def table(self, key: str) -> "Table":
        """Return the table below `key`; it must be there."""
        value = self._take(key, None, "a table")
        if not isinstance(value, dict):
            raise self.wrong(key, value, "a table")
        return Table(f"{self._where}{key}.", value)

    def tables(self, key: str, most: int) -> tuple["Table", ...]:
        """Return the entries of an array of tables, at least one."""
        allowed = f"1 to {most} tables [[{key}]]"
        value = self._take(key, None, allowed)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            shown = len(value) if isinstance(value, list) else value
            raise self.wrong(key, shown, allowed)
        tables = []
        for number, item in enumerate(value, start=1):
            if not isinstance(item, dict):
                raise self.wrong(key, item, allowed)
            name = f" ({_plain(item['name'])})" if isinstance(item.get("name"), str) else ""
            tables.append(Table(f"{self._where}{key} {number}{name}.", item))
        return tuple(tables)

    def close(self) -> None:
        """Refuse every key that nobody took."""
        for key in self._content:
            if key not in self._taken:
                raise ProfileError(
                    f"{self._where}{_plain(key)}: no such key; allowed are {', '.join(self._taken)}"
                )

    def wrong(self, key: str, value: object, allowed: str) -> ProfileError:
        """Return the error for a value that is not allowed."""
        shown = repr(str(value) if isinstance(value, StrEnum) else value)
        return ProfileError(
            f"{self._where}{key}: {shown[:80]} is not allowed; {allowed} is expected"
        )

    def _take(self, key: str, default: object, allowed: str) -> object:
        self._taken.append(key)
        value = self._content.get(key, default)
        if value is None:
            raise ProfileError(f"{self._where}{key}: is missing; {allowed} is expected")
        return value


def parse_file(path: Path) -> tuple[Mapping[str, object], bytes]:
    """Return the whole file as TOML says it, and its bytes.

    Raises:
        ProfileError: the file cannot be read, is too large or is no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise ProfileError(f"{path.name}: the file is larger than {FILE_BYTES_MAX} bytes")
        return tomllib.loads(content.decode("utf-8")), content
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # tomllib lets both through for odd files
        raise ProfileError(f"{_plain(path.name)}: is not TOML: {_plain(str(error))}") from error


def _plain(text: str) -> str:
    """Return text for one line of a message, whatever somebody wrote into the file."""
    return text if text.isprintable() else ascii(text)
