"""The box's keys: which one signs, and how a newer one takes over without a lost request.

The key comes from the settings file or from an enrolment; newer ones come from the hub. What did
not come from the settings is in ``hub-key.json`` in the data folder, on disk before it is used. A
key in the settings counts for as long as nothing newer has grown out of it: who edits the
settings later has the last word.

While a newer key is on trial both are kept: it is on disk here, the hub has made it, and the first
answer to a request that it signed ends the trial.
"""

import asyncio
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.durable import replace_durably
from agent.enrol.config import HubSettings
from wire import enrolment, fields
from wire.enrolment import Credentials
from wire.fields import BadMessage, Document
from wire.signing import Key

KEY_FILE = "hub-key.json"
BOX_FILE = "box-token"
FILE_BYTES_MAX = 16_384
VERSION = 1
_BOX_BYTES = 16


class CredentialsUnusable(Exception):
    """What is kept of the keys cannot be used; one line, without a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stands in the file."""

    url: str
    """Of the hub that gave the key."""
    current: Credentials
    next: Key | None = None
    """On trial: not yet seen to be good."""
    grew_from: str = field(default="", repr=False)
    """Fingerprint of the key that the settings had then; empty: they had none."""


class CredentialStore:
    """The keys of a running box; made by `open_store`."""

    def __init__(self, path: Path, kept: Kept) -> None:
        self._path = path
        self._kept = kept
        self._turn = asyncio.Lock()

    @property
    def url(self) -> str:
        return self._kept.url

    @property
    def gateway(self) -> str:
        """What the hub calls this box."""
        return self._kept.current.gateway

    def keys(self) -> Sequence[Key]:
        """Return the keys that the hub may know, the newest first: one, or two during a trial."""
        kept = self._kept
        return (kept.current.key,) if kept.next is None else (kept.next, kept.current.key)

    def accepted(self, key_id: str) -> None:
        """The hub has answered a request that `key_id` signed: if it was on trial, it is the key.

        The one small write blocks, as little as it must and once a rotation. Where the disk takes
        nothing the file still names both keys, and the next start tries the newer one first.
        """
        kept = self._kept
        if kept.next is None or kept.next.key_id != key_id:
            return
        self._kept = replace(kept, current=replace(kept.current, key=kept.next), next=None)
        with suppress(CredentialsUnusable):
            write(self._path, self._kept)

    async def rotate(self, ask: Callable[[], Awaitable[Credentials]]) -> str:
        """Fetch a newer key with `ask`, keep it and return its id; from then on it signs.

        Raises:
            CredentialsUnusable: the answer is for another box, or the file cannot be written.
        """
        async with self._turn:
            newer = await ask()
            await asyncio.to_thread(self.begin, newer)
        return newer.key.key_id

    def begin(self, newer: Credentials) -> None:
        """Keep a newer key on disk, then on trial.

        Raises:
            CredentialsUnusable: it is for another box, or the file cannot be written.
        """
        current = self._kept.current
        if (newer.gateway, newer.site) != (current.gateway, current.site):
            raise CredentialsUnusable(
                f"the hub sent a key of gateway {newer.gateway!r} of site {newer.site!r};"
                f" {current.gateway!r} of {current.site!r} is expected"
            )
        kept = replace(self._kept, next=newer.key)
        write(self._path, kept)
        self._kept = kept


def open_store(settings: HubSettings | None, data_dir: Path, site: str) -> CredentialStore | None:
    """Return the box's keys; None: it has no hub.

    Raises:
        CredentialsUnusable: there is a hub and no key, or a file that cannot be read or belongs
            to another site.
    """
    path = data_dir / KEY_FILE
    own = None if settings is None else _of_settings(settings, site)
    kept = _read_unless(own, path)
    if kept is not None and (own is None or _grew_from(kept, own)):
        if kept.current.site != site:
            raise CredentialsUnusable(
                f"{path}: the key is of site {kept.current.site!r}; the settings say {site!r}"
            )
        url = settings.url if settings is not None and settings.url else kept.url
        if not url:
            raise CredentialsUnusable("hub.url: is missing; nothing says where the hub is")
        return CredentialStore(path, replace(kept, url=url))
    if own is not None:
        return CredentialStore(path, own)
    if settings is None:
        return None
    raise CredentialsUnusable(
        "hub: there is no key; enrol the box with 'phoenyra-agent enrol URL CODE --config FILE'"
    )


def fingerprint(settings: HubSettings | None) -> str:
    """Return what tells the settings' key from any other without telling it; empty: no key."""
    if settings is None or settings.secret is None:
        return ""
    parts = (settings.gateway or "", settings.key_id or "", settings.secret.get_secret_value())
    return hashlib.sha256("\n".join(parts).lower().encode("utf-8")).hexdigest()


def read(path: Path) -> Kept | None:
    """Return what is kept; None: nothing is.

    Raises:
        CredentialsUnusable: the file cannot be read, or is none of ours.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
        return _from_document(fields.parse(content, KEY_FILE))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsUnusable(f"{path}: {error.strerror}") from error
    except BadMessage as error:
        # What the file holds is secret: only the place of the mistake is told.
        raise CredentialsUnusable(f"{path}: {error.path}: {error.allowed}; enrol again") from None


def write(path: Path, kept: Kept) -> None:
    """Put `kept` in place of what was there, on disk when this returns.

    Raises:
        CredentialsUnusable: it cannot be written.
    """
    write_secret(path, json.dumps(_to_document(kept), indent=1))


def box_token(data_dir: Path) -> str:
    """Return the token that tells this box from others at an enrolment; made once and kept.

    Raises:
        CredentialsUnusable: it cannot be read or written.
    """
    path = data_dir / BOX_FILE
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_hex(_BOX_BYTES)
        write_secret(path, token)
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsUnusable(f"{path}: cannot be read") from error
    return token


def write_secret(path: Path, text: str) -> None:
    """Write a file that the folder's owner alone may read: whole, durable, in place of any other.

    Raises:
        CredentialsUnusable: it cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
            if os.geteuid() == 0:  # Enrolled by root for a service that is not.
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(text + "\n")
        replace_durably(draft, path)
    except OSError as error:
        raise CredentialsUnusable(f"{path}: {error.strerror}") from error


def _of_settings(settings: HubSettings, site: str) -> Kept | None:
    if settings.gateway is None or settings.key_id is None or settings.secret is None:
        return None
    key = Key(settings.key_id, bytes.fromhex(settings.secret.get_secret_value()))
    return Kept(
        url=settings.url or "",
        current=Credentials(gateway=settings.gateway, site=site, key=key),
        grew_from=fingerprint(settings),
    )


def _read_unless(own: Kept | None, path: Path) -> Kept | None:
    """Return what is kept; a file that cannot be used is no reason to stop if there is a key."""
    try:
        return read(path)
    except CredentialsUnusable:
        if own is None:
            raise
        return None


def _grew_from(kept: Kept, own: Kept) -> bool:
    return hmac.compare_digest(kept.grew_from, own.grew_from)


def _to_document(kept: Kept) -> dict[str, object]:
    document: dict[str, object] = {
        "v": VERSION,
        "url": kept.url,
        "grew_from": kept.grew_from,
        "current": enrolment.credentials_to_document(kept.current),
    }
    if kept.next is not None:
        on_trial = replace(kept.current, key=kept.next)
        document["next"] = enrolment.credentials_to_document(on_trial)
    return document


def _from_document(document: Document) -> Kept:
    fields.version(document, KEY_FILE, VERSION)
    current, following = document.get("current"), document.get("next")
    on_trial = None if following is None else _credentials(following, f"{KEY_FILE}.next").key
    return Kept(
        url=fields.text(document, "url", KEY_FILE, empty=True),
        current=_credentials(current, f"{KEY_FILE}.current"),
        next=on_trial,
        grew_from=fields.text(document, "grew_from", KEY_FILE, empty=True),
    )


def _credentials(value: object, path: str) -> Credentials:
    return enrolment.credentials_from_document(fields.as_document(value, path), path)
