"""XML of strangers, read as a stream: names without namespaces, texts of leaves. Pure.

No document type, no entity, nothing external; a limit of depth and of the length of a text. What
is kept in memory is what the handler keeps, so that 50 MB of points cost little more than their
numbers.
"""

from typing import Protocol

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer, excerpt

DEPTH_MAX = 32
TEXT_CHARS_MAX = 4_096
"""Of one leaf; the longest of the platform, a reason's text, has some hundred."""
NAMES_MAX = 1_000
"""Different names of elements; a document of the platform has about fifty, and they are kept."""
TAG_BYTES_MAX = 256 * 1024
"""Of one tag or comment, about: nothing is told of it before its end, and it is held till then."""
_CHUNK_BYTES = 64 * 1024


class Handler(Protocol):
    """Receives the elements in document order; may raise `BadAnswer`."""

    def begin(self, name: str) -> None:
        """An element begins; its name is without namespace."""
        ...

    def end(self, name: str, text: str) -> None:
        """An element ends; `text` is what it says, stripped, "" where it holds elements."""
        ...


def read(body: bytes, handler: Handler) -> None:
    """Hand the elements of `body` to the handler.

    Raises:
        BadAnswer: no well-formed XML, or with a document type or an entity.
        AnswerTooLarge: deeper, or with longer texts, than is allowed.
    """
    target = _Target(handler)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        for at in range(0, len(body), _CHUNK_BYTES):
            parser.feed(body[at : at + _CHUNK_BYTES])
            target.fed()
        parser.close()
    except DefusedXmlException as error:
        raise BadAnswer("XML with a document type or an entity is not read") from error
    except (ParseError, LookupError, ValueError) as error:
        raise BadAnswer(f"no XML: {error}: {excerpt(body)!r}") from error


class _Target:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._depth = 0
        self._texts: list[str] = []
        self._chars = 0
        self._local: dict[str, str] = {}
        self._told = False
        self._silent_bytes = 0

    def fed(self) -> None:
        """Count chunks that brought nothing at all."""
        self._silent_bytes = 0 if self._told else self._silent_bytes + _CHUNK_BYTES
        self._told = False
        if self._silent_bytes >= TAG_BYTES_MAX:
            raise AnswerTooLarge(f"a tag of the XML is longer than {TAG_BYTES_MAX} bytes")

    def start(self, tag: str, _attributes: dict[str, str], /) -> None:
        self._told = True
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise AnswerTooLarge(f"XML is deeper than {DEPTH_MAX} elements")
        self._texts.clear()
        self._chars = 0
        self._handler.begin(self._name(tag))

    def data(self, text: str, /) -> None:
        self._chars += len(text)
        self._told = True
        if self._chars > TEXT_CHARS_MAX:
            raise AnswerTooLarge(f"a text of the XML is longer than {TEXT_CHARS_MAX} characters")
        self._texts.append(text)

    def end(self, tag: str, /) -> None:
        self._depth -= 1
        texts = self._texts
        text = "".join(texts).strip() if texts else ""
        texts.clear()
        self._chars = 0
        self._handler.end(self._name(tag), text)

    def close(self) -> None:
        """Nothing is made of the elements here."""

    def _name(self, tag: str) -> str:
        name = self._local.get(tag)
        if name is None:
            if len(self._local) >= NAMES_MAX:
                raise AnswerTooLarge(f"XML has more than {NAMES_MAX} names of elements")
            name = self._local[tag] = tag.rpartition("}")[2]
        return name
