"""Asking the processes that run on this box."""

import http.client
import ipaddress
import json
import socket
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

from agent.settings import AgentSettings, PageSettings

ANSWER_S = 5.0
PICTURE_BYTES_MAX = 8 * 1024**2
ACCESS_CODE_FILE = "access-code"
Picture = dict[str, Any]


class NoPicture(Exception):
    """The gateway's page does not answer; the text is one line."""


def picture_of(settings: AgentSettings) -> Picture:
    """Ask the gateway for its page's document.

    Raises:
        NoPicture: it does not answer, or it is not ours.
    """
    (host, port), code = page_of(settings)
    where = f"the page at {host}:{port}"
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=ANSWER_S)) as connection:
            headers = {"Authorization": f"Bearer {code}"}
            connection.request("GET", "/api/picture", headers=headers)
            answer = connection.getresponse()
            body = answer.read(PICTURE_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        raise NoPicture(f"{where} does not answer: {error}") from error
    if answer.status != HTTPStatus.OK:
        raise NoPicture(f"{where} answers {answer.status}: is it another site's gateway?")
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "now_us" not in document:
        raise NoPicture(f"{where} answers, but not as our gateway does")
    return document


def page_of(settings: AgentSettings) -> tuple[tuple[str, int], str]:
    """Return where the gateway's page can be asked from this box, and its access code.

    Raises:
        NoPicture: it cannot be asked.
    """
    address, code = _address(settings.page), _access_code(settings)
    if code is None:
        raise NoPicture(f"{settings.data_dir}: no access code; has the gateway ever run?")
    return address, code


def told(
    settings: AgentSettings, path: str, body: dict[str, str], answer_s: float
) -> tuple[int, Picture]:
    """Post to the gateway's page; return the status of its answer and the document.

    Raises:
        NoPicture: it does not answer, or it is not ours.
    """
    (host, port), code = _address(settings.page), _access_code(settings)
    where = f"the page at {host}:{port}"
    if code is None:
        raise NoPicture(f"{settings.data_dir}: no access code; has the gateway ever run?")
    headers = {"Authorization": f"Bearer {code}", "Content-Type": "application/json"}
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=answer_s)) as connection:
            connection.request("POST", path, json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            status, document = answer.status, json.loads(answer.read(PICTURE_BYTES_MAX))
    except (OSError, http.client.HTTPException) as error:
        raise NoPicture(f"{where} does not answer: {error}") from error
    except ValueError:
        status, document = 0, None
    if not isinstance(document, dict):
        raise NoPicture(f"{where} answers, but not as our gateway does")
    return status, document


def listens(path: Path) -> bool:
    """Say whether somebody accepts connections at the Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(str(path))
        except OSError:
            return False
    return True


def _address(page: PageSettings) -> tuple[str, int]:
    """Return where the page can be asked from this box."""
    if page.port == 0:
        raise NoPicture("page.port: 0 lets the system choose one; a fixed one is needed to ask")
    try:
        address = ipaddress.ip_address(page.host)
    except ValueError:
        return page.host, page.port
    if address.is_unspecified:
        return ("127.0.0.1" if address.version == 4 else "::1"), page.port
    return page.host, page.port


def _access_code(settings: AgentSettings) -> str | None:
    if settings.page.access_code is not None:
        return settings.page.access_code.get_secret_value()
    try:
        return (settings.data_dir / ACCESS_CODE_FILE).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
