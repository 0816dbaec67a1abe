"""Sequences of messages and who gets them: numbered, kept for a while, queued with a limit. Pure.

A stream is what is numbered on its own: a contract's book, a market's trades, an account's
orders. Each message of it carries the number after the one before, so that whoever misses one
sees it, and asks for the messages since then or, if they are no longer kept, for a new snapshot.
A stream begins with its first subscriber; its `epoch` tells it from the one before a restart.
"""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from cloud.exchange.feeds.canonical import text_of

QUEUE_MESSAGES_MAX = 2_000
"""What may wait for one client; beyond, it reads too slowly and is sent away."""
QUEUE_CHARACTERS_MAX = 4_000_000
SLOW = "SLOW_CONSUMER: more was waiting than one client may leave unread"
TRY_AGAIN_LATER = 1013

Data = dict[str, object]
Sign = Callable[[str], str]
"""From a data text to the message around it."""


class Client:
    """What waits for one subscriber. Whoever sends to it is woken by `woken`."""

    __slots__ = ("_characters", "_woken", "ended", "joined", "queue")

    def __init__(self, woken: Callable[[], None]) -> None:
        self.queue: deque[str] = deque()
        self.ended: tuple[int, str] | None = None
        """Code and reason with which the connection is to be closed."""
        self.joined: list[Stream] = []
        self._woken = woken
        self._characters = 0

    def offer(self, message: str) -> None:
        """Queue a message; one too many ends the client, and what waited is dropped."""
        if self.ended is not None:
            return
        self._characters += len(message)
        self.queue.append(message)
        if len(self.queue) > QUEUE_MESSAGES_MAX or self._characters > QUEUE_CHARACTERS_MAX:
            self.end(TRY_AGAIN_LATER, SLOW)
        self._woken()

    def take(self) -> str:
        """Return the message that waits longest."""
        message = self.queue.popleft()
        self._characters -= len(message)
        return message

    def end(self, code: int, reason: str) -> None:
        """Let the connection be closed; the first reason stands."""
        if self.ended is None:
            self.ended = code, reason
            self.queue.clear()
            self._characters = 0
            self._woken()

    def leave(self) -> None:
        """Get nothing more from any stream."""
        for stream in self.joined:
            stream.clients.pop(self, None)
        self.joined.clear()


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a client was in a stream."""

    epoch: str
    seq: int


class Stream:
    """One sequence; `seq` is the number of its newest message."""

    __slots__ = ("_kept", "clients", "epoch", "seq")

    def __init__(self, epoch: str, kept_max: int, seq: int = 0) -> None:
        self.epoch = epoch
        self.seq = seq
        self.clients: dict[Client, None] = {}
        self._kept: deque[tuple[int, Data]] = deque(maxlen=kept_max)

    def add(self, data: Data, sign: Sign) -> None:
        """Give a message the next number and send it to all, encoded and signed once."""
        self.seq += 1
        data["seq"] = self.seq
        self._kept.append((self.seq, data))
        if self.clients:
            message = sign(text_of(data))
            for client in self.clients:
                client.offer(message)

    def since(self, resume: Resume) -> list[Data] | None:
        """Return what came after a place; None: it is not this stream, or not kept any more."""
        first = self._kept[0][0] if self._kept else self.seq + 1
        if resume.epoch != self.epoch or not first - 1 <= resume.seq <= self.seq:
            return None
        return [data for seq, data in self._kept if seq > resume.seq]


class Streams:
    """The streams of one kind by their key."""

    def __init__(self, born: str, kept_max: int, streams_max: int) -> None:
        """Begin empty; `born` tells this process from those before it."""
        self._born = born
        self._kept_max = kept_max
        self._streams_max = streams_max
        self._count = 0
        self._streams: dict[Hashable, Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, key: Hashable) -> Stream | None:
        """Return a stream that somebody has subscribed to."""
        return self._streams.get(key)

    def join(
        self,
        key: Hashable,
        client: Client,
        resume: Resume | None,
        snapshot: Callable[[], Data],
        sign: Sign,
        seq: int = 0,
    ) -> None:
        """Send what a client lacks, a snapshot or the messages since, and all that comes.

        Args:
            seq: the number that a stream begins with if this is its first subscriber.
        """
        stream = self._streams.get(key)
        if stream is None:
            stream = self._begin(key, seq)
        missed = None if resume is None else stream.since(resume)
        if missed is None:
            missed = [{**snapshot(), "epoch": stream.epoch, "seq": stream.seq}]
        for data in missed:
            client.offer(sign(text_of(data)))
        if client.ended is None and client not in stream.clients:
            stream.clients[client] = None
            client.joined.append(stream)

    def add(self, key: Hashable, data: Data, sign: Sign) -> None:
        """Send a message, if anybody has ever subscribed to the stream."""
        stream = self._streams.get(key)
        if stream is not None:
            stream.add(data, sign)

    def end(self, key: Hashable, data: Data, sign: Sign) -> None:
        """Send the last message of a stream and forget it."""
        stream = self._streams.pop(key, None)
        if stream is not None:
            stream.add(data, sign)
            stream.clients.clear()

    def _begin(self, key: Hashable, seq: int) -> Stream:
        """Begin a stream; beyond the limit the oldest that nobody hears is forgotten."""
        if len(self._streams) >= self._streams_max:
            silent = next((k for k, s in self._streams.items() if not s.clients), None)
            if silent is not None:
                del self._streams[silent]
        self._count += 1
        stream = Stream(f"{self._born}-{self._count}", self._kept_max, seq)
        self._streams[key] = stream
        return stream


def unsigned_of(meta: Mapping[str, object]) -> str:
    """Return more members of ``meta`` as text that begins with a comma; '' without any."""
    return "," + text_of(meta)[1:-1] if meta else ""
