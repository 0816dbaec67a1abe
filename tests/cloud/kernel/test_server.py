"""cloud/kernel/server.py: the hub's listening socket."""

import socket

from cloud.kernel import server


def test_an_answer_of_two_parts_does_not_wait_for_the_other_ends_acknowledgement_of_the_first() -> (
    None
):
    """uvicorn sends head and body apart; Nagle's rule would hold the body back for 40 ms.

    asyncio switches it off only on sockets that name TCP as their protocol, which ours do not.
    """
    with (
        server.listen("127.0.0.1", 0) as line,
        socket.create_connection(line.getsockname()),
        line.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
