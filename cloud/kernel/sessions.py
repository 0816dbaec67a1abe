"""Log-in of a browser: a signed cookie that names an API key and an end.

Nothing is kept on the server, so any process may answer; the key is looked up each time, so a
revoked key ends its sessions too. The signing secret is a file in data_dir.
"""

import secrets
from pathlib import Path

from itsdangerous import BadData, URLSafeSerializer
from starlette.responses import Response

from cloud.kernel.folder import write_secret

COOKIE = "phoenyra_session"
SESSION_S_MAX = 12 * 3600
SESSION_FILE = "session.key"
_SALT = "phoenyra-session-1"


class Sessions:
    """Makes and reads the cookies of one hub."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt=_SALT)

    def log_in(self, response: Response, key_id: str, now_us: int, *, https: bool) -> None:
        """Give the browser behind `response` a session; call it with a key that was checked."""
        value = self._serializer.dumps([key_id, now_us + SESSION_S_MAX * 1_000_000])
        response.set_cookie(
            COOKIE,
            value,
            max_age=SESSION_S_MAX,
            path="/",
            secure=https,
            httponly=True,
            samesite="strict",
        )

    def log_out(self, response: Response) -> None:
        """Take the session away from the browser behind `response`."""
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    def key_id(self, cookie: str, now_us: int) -> str | None:
        """Return the key that the session was made with; None if it is forged or over."""
        try:
            content = self._serializer.loads(cookie)
        except BadData:
            return None
        match content:
            case [str(key_id), int(until_us)] if now_us < until_us:
                return key_id
            case _:
                return None


def load_secret(data_dir: Path) -> str:
    """Return the signing secret in `data_dir`, made on the first start, readable by us alone."""
    path = data_dir / SESSION_FILE
    if not path.exists():
        write_secret(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()
