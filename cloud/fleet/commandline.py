"""``phoenyra-hub gateway``: boxes from the command line of the hub's machine.

It works on the database beside a running hub, which finds what is new by itself.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import segno
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import codes, keys, service, store
from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.model import Actor, Wish
from cloud.kernel import audit
from cloud.kernel.database import Database
from cloud.kernel.errors import NotFound
from cloud.kernel.folder import FolderUnusable
from cloud.kernel.instants import iso
from cloud.kernel.keys import OPERATOR, is_identifier
from cloud.settings import HubSettings
from wire.enrolment import shown_code
from wire.order import RotateKeyOrder

_UNITS_S: Mapping[str, int] = {"m": 60, "h": 3_600, "d": 86_400}
_PNG_SCALE = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``phoenyra-hub gateway``."""
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="add a gateway; prints its one-time code")
    add.add_argument("--site", required=True, type=_identifier)
    add.add_argument("--name", type=_identifier, help="default: one is made")
    _code_arguments(add)
    code = actions.add_parser("code", help="print a new one-time code for a gateway that is there")
    code.add_argument("gateway", type=_identifier)
    _code_arguments(code)
    actions.add_parser("list", help="list gateways and their keys, without secrets")
    for action, text in (
        ("revoke", "end all that a gateway may do, at once and for ever"),
        ("rotate", "have the box fetch a newer key"),
    ):
        child = actions.add_parser(action, help=text)
        child.add_argument("gateway", type=_identifier)
        child.add_argument("--reason", default="", help="why; kept in the audit log")


async def run(
    database: Database, settings: HubSettings, options: argparse.Namespace, now_us: int
) -> None:
    """Do what the command line says and print what came of it.

    Raises:
        HubError: it is against the rules, or there is no such site or gateway.
        FolderUnusable: the picture cannot be written.
    """
    if options.action == "list":
        async with database.reading() as connection:
            await _list(connection, now_us)
    elif options.action in ("add", "code"):
        async with database.transaction() as connection:
            gateway, code, expires_us = await _code(connection, settings, options, now_us)
        url = options.url or settings.public_url
        _print_code(gateway, code, expires_us, url, options.png)
    else:
        async with database.transaction() as connection:
            text = await _change(connection, options, now_us)
        sys.stdout.write(f"{text}\n")


async def _list(connection: AsyncConnection, now_us: int) -> None:
    for gateway in await service.gateways(connection):
        known = await keys.of_gateway(connection, gateway.id)
        current = next((key.id for key in known if key.is_current), "-")
        state = "revoked" if gateway.revoked_us is not None else "valid"
        if current == "-" and state == "valid":
            state = "not enrolled"
        retiring = [k.id for k in known if k.ends_us is not None and not k.is_retired(now_us)]
        more = f" (still good: {', '.join(retiring)})" if retiring and state == "valid" else ""
        sys.stdout.write(f"{gateway.id} {gateway.site} {current} {state}{more}\n")


async def _code(
    connection: AsyncConnection, settings: HubSettings, options: argparse.Namespace, now_us: int
) -> tuple[Gateway, str, int]:
    if options.action == "add":
        gateway = await service.add_gateway(connection, options.site, options.name, now_us)
        await _record(connection, gateway, "gateway.create", now_us)
    else:
        gateway = await _gateway(connection, options.gateway)
        await _record(connection, gateway, "gateway.code", now_us)
    secret = codes.secret_in(settings.data_dir)
    code, expires_us = await codes.make(connection, gateway.id, options.ttl, now_us, secret)
    return gateway, code, expires_us


async def _change(connection: AsyncConnection, options: argparse.Namespace, now_us: int) -> str:
    gateway = await _gateway(connection, options.gateway)
    if options.action == "revoke":
        await service.revoke_gateway(connection, gateway.id, now_us)
        await _record(connection, gateway, "gateway.revoke", now_us, options.reason)
        return f"{gateway.id}: revoked"
    actor = Actor(key_id=audit.COMMAND_LINE, account=OPERATOR.id, reason=options.reason)
    wish = Wish(order=RotateKeyOrder(), actor=actor)
    row = await operation.issue(connection, gateway, wish, now_us)
    return f"{gateway.id}: {row.id} asks for a newer key"


def _print_code(
    gateway: Gateway, code: str, expires_us: int, url: str | None, png: Path | None
) -> None:
    sys.stdout.write(f"gateway {gateway.id} of site {gateway.site}\n")
    sys.stdout.write(f"code    {shown_code(code)}   (until {iso(expires_us)}, for one box)\n")
    if url is None:
        sys.stdout.write(
            "No QR code: say with --url or PHOENYRA_HUB_PUBLIC_URL where the hub is.\n"
        )
        return
    sys.stdout.write(f"on the box: phoenyra-agent enrol {url} {shown_code(code)} --config FILE\n\n")
    picture = segno.make(codes.link(url, code), error="m", micro=False)
    picture.terminal(out=sys.stdout, compact=True)
    if png is not None:
        try:
            picture.save(str(png), kind="png", scale=_PNG_SCALE)
        except OSError as error:
            raise FolderUnusable(f"--png: {png}: {error.strerror}") from error


async def _gateway(connection: AsyncConnection, gateway_id: str) -> Gateway:
    found = await store.gateway(connection, gateway_id)
    if found is None:
        raise NotFound(f"gateway {gateway_id!r} is not known")
    return found


async def _record(
    connection: AsyncConnection, gateway: Gateway, action: str, now_us: int, reason: str = ""
) -> None:
    entry = audit.by_command_line(action, f"gateway {gateway.id}", now_us)
    await audit.record(connection, replace(entry, site=gateway.site, reason=reason))


def _code_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ttl", type=_duration_s, default=codes.TTL_S, help="30m, 24h, 7d; default: 24h"
    )
    parser.add_argument("--url", type=_url, help="where boxes reach the hub, for the QR code")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the QR code as a picture")


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; up to 40 of a-z, 0-9 and - are expected"
        )
    return text


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; https://… is expected")
    return text


def _duration_s(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    duration_s = int(number) * _UNITS_S[unit] if number.isdecimal() and unit in _UNITS_S else 0
    if not 60 <= duration_s <= codes.TTL_S_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; 1m to 30d is expected")
    return duration_s
