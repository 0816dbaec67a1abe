"""Who may see the page: an access code, sessions, and a brake on guessing."""

import hmac
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TRIES_MAX = 5
"""Wrong codes of one address within `TRIES_WINDOW_S`."""
TRIES_ALL_MAX = 60
"""Wrong codes of all addresses together within `TRIES_WINDOW_S`."""
TRIES_WINDOW_S = 60.0
ADDRESSES_MAX = 1_000
SESSIONS_MAX = 50
"""The one unused for longest ends first."""
SESSION_S_MAX = 12 * 3_600.0
"""Without a request for so long a session ends."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What nobody mistakes on a cabinet's label: no i, l, o, 0, 1."""
_GROUPS, _GROUP = 3, 4
_TOKEN_BYTES = 32


class TooManyTries(Exception):
    """The address has to wait."""


@dataclass(slots=True)
class Door:
    """Opens to the access code; `now_s` is any monotonic clock."""

    access_code: str = field(repr=False)
    now_s: Callable[[], float]
    _sessions: OrderedDict[str, float] = field(default_factory=OrderedDict, repr=False)
    _tries: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def fits(self, code: str, address: str) -> bool:
        """Say whether `code` is the access code.

        Raises:
            TooManyTries: the address, or all addresses together, guessed too often.
        """
        since_s = self.now_s() - TRIES_WINDOW_S
        for known in list(self._tries):
            self._tries[known] = [at_s for at_s in self._tries[known] if at_s > since_s]
            if not self._tries[known]:
                del self._tries[known]
        mine = self._tries.get(address, [])
        if len(mine) >= TRIES_MAX or sum(map(len, self._tries.values())) >= TRIES_ALL_MAX:
            raise TooManyTries
        given = code.strip().encode("utf-8", "surrogatepass")
        if hmac.compare_digest(given, self.access_code.encode("utf-8")):
            self._tries.pop(address, None)
            return True
        self._tries[address] = [*mine, self.now_s()]
        while len(self._tries) > ADDRESSES_MAX:
            self._tries.popitem(last=False)
        return False

    def open_session(self) -> str:
        """Return the token of a new session."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._sessions[token] = self.now_s()
        while len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return token

    def knows(self, token: str) -> bool:
        """Say whether the session is open, and keep it so."""
        used_s = self._sessions.get(token)
        if used_s is None:
            return False
        if self.now_s() - used_s > SESSION_S_MAX:
            del self._sessions[token]
            return False
        self._sessions[token] = self.now_s()
        self._sessions.move_to_end(token)
        return True

    def close_session(self, token: str) -> None:
        self._sessions.pop(token, None)


def access_code_in(path: Path) -> str:
    """Return the code in the file at `path`; a random one is made first if there is none."""
    try:
        code = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        code = ""
    if code:
        return code
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    code = "-".join(groups)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(code + "\n")
    return code
