"""Whether bytes are Modbus answers, on TCP and on a serial line. Pure.

The protocol library trusts the length fields of what it receives and takes any sound frame for
the answer; this looks first, so that garbage, echoes and late answers never reach it.
"""

HEADER_BYTES = 7
RTU_BYTES_MAX = 256
"""Modbus over serial line 1.02, clause 2.3."""
_LENGTH_MIN = 3
_LENGTH_MAX = 254
"""Unit, function and data; Modbus messaging on TCP/IP 1.0b, clause 4.1."""
_BIT_READS = (1, 2)
_WORD_READS = (3, 4)
_READS = (*_BIT_READS, *_WORD_READS)
_WRITES = (5, 6, 15, 16)
_WRITE_LENGTH = 6
_EXCEPTION = 0x80
_CRC_BYTES = 2


def sound(data: bytes) -> bool:
    """Say whether `data` is a row of well-formed answers on TCP, the last perhaps cut short."""
    while data:
        if data[2:4] not in (b"\x00\x00", b"\x00", b""):
            return False
        if len(data) < HEADER_BYTES:
            return True
        length = int.from_bytes(data[4:6], "big")
        if not _LENGTH_MIN <= length <= _LENGTH_MAX:
            return False
        frame, data = data[6 : 6 + length], data[6 + length :]
        if len(frame) == length and not _sized(frame):
            return False
    return True


def _sized(frame: bytes) -> bool:
    function = frame[1]
    if function & _EXCEPTION:
        return len(frame) == _LENGTH_MIN
    if function in _READS:
        return len(frame) == _LENGTH_MIN + frame[2]
    return function in _WRITES and len(frame) == _WRITE_LENGTH


def crc(data: bytes) -> bytes:
    """Return the checksum as it is sent; Modbus over serial line 1.02, clause 6.2.2."""
    register = 0xFFFF
    for byte in data:
        register = register >> 8 ^ _CRC_OF_BYTE[(register ^ byte) & 0xFF]
    return register.to_bytes(_CRC_BYTES, "little")


def is_read(request: bytes) -> bool:
    """Say whether a frame of the serial line asks for registers or bits."""
    return request[1] in _READS


def rtu_answer(request: bytes, received: bytes, *, echoes: bool) -> bytes:
    """Return the frame in `received` that answers `request`; empty: it is not there (yet).

    Only a whole frame with a right checksum, of the unit, the function and the length that were
    asked for, is an answer, or an exception of that unit to that function. All else around it is
    passed over: noise, another unit, an answer to an earlier request of another length.

    Args:
        request: the whole frame that was sent.
        received: everything that came since.
        echoes: the converter sends requests back, so a write's first answer is not the device's.
    """
    if echoes:
        received = received[len(request) :] if received.startswith(request) else b""
    heads = (request[:2], bytes((request[0], request[1] | _EXCEPTION)))
    sizes = (_answer_bytes(request), _LENGTH_MIN + _CRC_BYTES)
    for head, size in zip(heads, sizes, strict=True):
        first = received.find(head)
        while first >= 0:
            frame = received[first : first + size]
            if _answers(request, frame, size):
                return frame
            first = received.find(head, first + 1)
    return b""


def _answers(request: bytes, frame: bytes, size: int) -> bool:
    if len(frame) != size or crc(frame[:-_CRC_BYTES]) != frame[-_CRC_BYTES:]:
        return False
    function = frame[1]
    if function in _READS:
        return frame[2] == size - _LENGTH_MIN - _CRC_BYTES
    return bool(function & _EXCEPTION) or frame[2:4] == request[2:4]


def _answer_bytes(request: bytes) -> int:
    """Return the length of the frame that answers a request, checksum included."""
    function, count = request[1], int.from_bytes(request[4:6], "big")
    if function in _BIT_READS:
        return _LENGTH_MIN + (count + 7) // 8 + _CRC_BYTES
    if function in _WORD_READS:
        return _LENGTH_MIN + 2 * count + _CRC_BYTES
    return _WRITE_LENGTH + _CRC_BYTES


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_OF_BYTE = tuple(_crc_of(byte) for byte in range(256))
