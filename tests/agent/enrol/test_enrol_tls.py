"""Enrolment over TLS: a hub has to prove itself, by the machine's list or by the site's own."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent import main
from agent.enrol.credentials import KEY_FILE
from tests.support.certificates import Authority, Files

CODE = "0123456789ABCDEF"
ANSWER = {"v": 1, "gateway": "gw-1", "site": "werk", "key_id": "k", "secret": "ab" * 32}


@contextmanager
def answering(files: Files, answer: bytes, status: int = 200) -> Iterator[tuple[str, list[bytes]]]:
    """Answer every post with these bytes; yield the address and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Location", "https://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us hangs up."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}", bodies
        finally:
            server.shutdown()
            thread.join()


def config(folder: Path, ca_file: Path | None) -> Path:
    path = folder / "agent.toml"
    hub = "" if ca_file is None else f'[hub]\nca_file = "{ca_file}"\n'
    path.write_text(
        f'site = "werk"\ndata_dir = "{folder / "data"}"\n{hub}'
        "[control]\ndischarge_kw_max = 100\ncharge_kw_max = 100\n"
        '[[devices]]\nid = "inverter"\nkind = "modbus_tcp"\nprofile = "reference-inverter"\n'
        'host = "127.0.0.1"\nport = 1\n'
    )
    return path


def enrol(url: str, path: Path) -> int:
    return main.main(["enrol", url, CODE, "--config", str(path)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def test_a_hub_of_the_sites_own_authority_is_believed(tmp_path: Path, authority: Authority) -> None:
    with answering(authority.sign("hub"), json.dumps(ANSWER).encode()) as (url, bodies):
        assert enrol(url, config(tmp_path, authority.ca)) == 0
    (body,) = bodies
    assert json.loads(body)["code"] == CODE
    assert json.loads((tmp_path / "data" / KEY_FILE).read_text())["url"] == url


def test_a_hub_that_nobody_vouches_for_is_never_told_the_code(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(authority.sign("hub"), b"{}") as (url, bodies):
        assert enrol(url, config(tmp_path, None)) == 1
    assert bodies == []
    said = capsys.readouterr().err
    assert "CERTIFICATE_VERIFY_FAILED" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (b"not at all", 200, "the answer makes no sense"),
        (b'{"v":1,"secret":"zz"}', 200, "the answer makes no sense"),
        (b"<html>", 502, "502 no reason given"),
        (b"x" * 70_000, 200, "longer than"),
        (b"", 307, "307"),
    ],
)
def test_an_answer_that_makes_no_sense_costs_one_line_and_leaves_no_key(
    tmp_path: Path,
    authority: Authority,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
    status: int,
    says: str,
) -> None:
    with answering(authority.sign("hub"), answer, status) as (url, _):
        assert enrol(url, config(tmp_path, authority.ca)) == 1
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "data" / KEY_FILE).exists()


def test_a_list_of_authorities_that_is_none_is_a_mistake_in_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (None, "no certificate"):
        wrong = tmp_path / "ca.pem"
        if content is not None:
            wrong.write_text(content)
        assert enrol("https://127.0.0.1:1", config(tmp_path, wrong)) == 2
        said = capsys.readouterr().err
        assert "hub.ca_file" in said
        assert len(said.splitlines()) == 1
