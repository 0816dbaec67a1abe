"""agent/web/serve.py: the page's listening socket."""

import socket

from agent.web import serve


def test_an_answer_of_two_parts_does_not_wait_for_the_other_ends_acknowledgement_of_the_first() -> (
    None
):
    with (
        serve.listen("127.0.0.1", 0) as line,
        socket.create_connection(line.getsockname()),
        line.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
