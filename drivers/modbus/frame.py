"""Whether bytes may be Modbus TCP answers. Pure.

The protocol library trusts the length fields of what it receives; this looks first, so that
garbage never reaches it.
"""

HEADER_BYTES = 7
_LENGTH_MIN = 3
_LENGTH_MAX = 254
"""Unit, function and data; Modbus messaging on TCP/IP 1.0b, clause 4.1."""
_READS = (1, 2, 3, 4)
_WRITES = (5, 6, 15, 16)
_WRITE_LENGTH = 6
_EXCEPTION = 0x80


def sound(data: bytes) -> bool:
    """Say whether `data` is a row of well-formed answers, the last one perhaps cut short."""
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
