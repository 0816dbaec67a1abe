"""``phoenyra-agent enrol URL CODE``: exchange a one-time code for the box's own key.

The token that tells this box from others is on disk before anything is sent, so the same command
may be given again when an answer was lost: the hub answers the same box with the same key.
"""

import argparse
import ipaddress
import json
import ssl
import sys
from urllib.parse import urlsplit

import httpx

from agent.enrol.config import HubSettings
from agent.enrol.credentials import (
    KEY_FILE,
    CredentialsUnusable,
    Kept,
    box_token,
    fingerprint,
    write,
)
from agent.settings import AgentSettings, BadSettings
from wire import enrolment, fields
from wire.enrolment import Credentials, Enrolment
from wire.fields import BadMessage
from wire.sync import ENROL_PATH

FAILED = 1
ANSWER_BYTES_MAX = 65_536
_TIMEOUT_S = 15.0
_SHOWN_MAX = 300


class NotEnrolled(Exception):
    """The box has no key; one line that says why."""


def run(settings: AgentSettings, parsed: argparse.Namespace) -> int:
    """Enrol the box; return 0, or 1 when it has no key now.

    Raises:
        BadSettings: the settings do not go together with what was asked.
    """
    url = parsed.url.rstrip("/")
    try:
        _check(url, settings.hub, insecure=parsed.insecure_http)
        made = _enrol(url, parsed.code, settings)
    except (NotEnrolled, CredentialsUnusable) as error:
        sys.stderr.write(f"phoenyra-agent: {error}\n")
        return FAILED
    except OSError as error:
        raise BadSettings(f"data_dir: {settings.data_dir}: {error.strerror}") from error
    sys.stdout.write(
        f"enrolled: gateway {made.gateway} of site {made.site}, key {made.key.key_id};"
        " restart the gateway if it is running\n"
    )
    return 0


def _check(url: str, hub: HubSettings | None, *, insecure: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise NotEnrolled(f"URL: {url!r} is not allowed; https://host is expected")
    if parts.scheme == "http" and not insecure and not _is_here(parts.hostname):
        raise NotEnrolled(
            "URL: http is not allowed, everybody on the way could read the key;"
            " https://… is expected, or --insecure-http"
        )
    if hub is not None and hub.url is not None and hub.url.rstrip("/") != url:
        raise NotEnrolled(f"URL: {url!r} is not allowed; the settings say hub.url = {hub.url!r}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _enrol(url: str, typed: str, settings: AgentSettings) -> Credentials:
    try:
        code = enrolment.normal_code(typed)
    except BadMessage as error:
        raise NotEnrolled(str(error)) from error
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked = Enrolment(code, box_token(settings.data_dir))
    made = _exchange(url, asked, settings.hub or HubSettings())
    if made.site != settings.site:
        raise NotEnrolled(
            f"site: the code is for site {made.site!r}; the settings say {settings.site!r}"
        )
    kept = Kept(url=url, current=made, grew_from=fingerprint(settings.hub))
    write(settings.data_dir / KEY_FILE, kept)
    return made


def _exchange(url: str, asked: Enrolment, hub: HubSettings) -> Credentials:
    body = fields.compact(enrolment.to_document(asked)).encode("ascii")
    proxy = None if hub.proxy is None else hub.proxy.get_secret_value()
    headers = {"Content-Type": "application/json"}
    try:
        with (
            httpx.Client(
                verify=_context(hub), proxy=proxy, timeout=_TIMEOUT_S, trust_env=False
            ) as client,
            client.stream("POST", url + ENROL_PATH, content=body, headers=headers) as response,
        ):
            answer = _read(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotEnrolled(f"{url}: {str(error) or type(error).__name__}") from error
    if response.status_code != httpx.codes.OK:
        raise NotEnrolled(f"{url}: {response.status_code} {_reason(answer)}")
    try:
        return enrolment.credentials_from_document(fields.parse(answer, "answer"))
    except BadMessage as error:
        # The answer may hold a key, and is not repeated.
        raise NotEnrolled(f"{url}: the answer makes no sense: {error.allowed}") from None


def _context(hub: HubSettings) -> ssl.SSLContext:
    """Return what a hub has to prove; there is no way to do without."""
    try:
        return ssl.create_default_context(cafile=hub.ca_file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadSettings(f"hub.ca_file: {hub.ca_file}: {reason}") from error


def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise NotEnrolled(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _reason(answer: bytes) -> str:
    """Return code and message of a refusal; what is in front of the hub may answer anything."""
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return "no reason given"
    return fields.cut(f"{document.get('code')}: {document.get('message')}", _SHOWN_MAX)
