"""Sparkplug B payloads: bytes to metrics and back. Pure.

The only file that imports protobuf. The message types are described here by their field numbers,
which are what the specification fixes; no compiler runs and no generated file is kept. Fields
that we do not use (data sets, templates, meta data) are passed over by the library itself.

Source: Eclipse Sparkplug 3.0.0, chapter 6 "Payloads".
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from drivers.payload import BYTES_MAX, BadPayload, shown

METRICS_MAX = 5_000
"""Of one payload."""
NAME_MAX = 500
_PACKAGE = "phoenyra.sparkplug"
_Field = descriptor_pb2.FieldDescriptorProto
_FLOAT = struct.Struct("<f")


class DataType(IntEnum):
    """How a metric's number is meant; others than these are known, but no numbers of ours."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    """Milliseconds since 1970."""
    TEXT = 14


_BITS = {
    DataType.INT8: 8,
    DataType.INT16: 16,
    DataType.INT32: 32,
    DataType.INT64: 64,
    DataType.UINT8: 8,
    DataType.UINT16: 16,
    DataType.UINT32: 32,
    DataType.UINT64: 64,
    DataType.DATETIME: 64,
}
_SIGNED = frozenset({DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64})
_TEXTS = frozenset({DataType.STRING, DataType.TEXT})

Raw = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One value as a message carries it."""

    name: str = ""
    """Empty where only the alias is sent."""
    alias: int | None = None
    kind: int = 0
    """A `DataType`, or a number of a type that is not ours; 0: not said, as at birth."""
    value: Raw | None = None
    """None: null, or of a type that is not ours. Integers as `typed` makes them."""
    at_ms: int | None = None
    historical: bool = False
    """A value of the past, told late: it never counts as live."""
    quality: int | None = None
    """Property ``Quality``: 0 bad, 192 good, 500 stale."""
    unit: str = ""
    """Property ``engUnit``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One message's content."""

    at_ms: int | None = None
    seq: int | None = None
    metrics: Sequence[Metric] = ()


def decode(data: bytes) -> Payload:
    """Return what a message says.

    Raises:
        BadPayload: it is too large or no Sparkplug payload.
    """
    if len(data) > BYTES_MAX:
        raise BadPayload(f"{len(data)} bytes are more than {BYTES_MAX}")
    message = _PAYLOAD()
    try:
        message.ParseFromString(data)
    except (DecodeError, UnicodeDecodeError) as error:
        raise BadPayload("no Sparkplug payload") from error
    if len(message.metrics) > METRICS_MAX:
        raise BadPayload(f"{len(message.metrics)} metrics are more than {METRICS_MAX}")
    return Payload(
        at_ms=message.timestamp if message.HasField("timestamp") else None,
        seq=message.seq if message.HasField("seq") else None,
        metrics=tuple(_metric(metric) for metric in message.metrics),
    )


def encode(payload: Payload) -> bytes:
    """Return a message.

    Raises:
        ValueError: a metric's type cannot carry its value.
    """
    message = _PAYLOAD()
    if payload.at_ms is not None:
        message.timestamp = payload.at_ms
    if payload.seq is not None:
        message.seq = payload.seq
    for metric in payload.metrics:
        _put(message.metrics.add(), metric)
    data: bytes = message.SerializeToString()
    return data


def typed(value: Raw, kind: int) -> Raw | None:
    """Return a raw value as its type says: a negative integer comes as two's complement.

    None is what this type cannot be, or a type that is not ours.
    """
    if kind in _BITS:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        data_type = DataType(kind)
        bits = _BITS[data_type]
        value &= (1 << bits) - 1
        negative = data_type in _SIGNED and value >> (bits - 1)
        return value - (1 << bits) if negative else value
    if kind in (DataType.FLOAT, DataType.DOUBLE):
        return value if isinstance(value, float) else None
    if kind == DataType.BOOLEAN:
        return value if isinstance(value, bool) else None
    return value if kind in _TEXTS and isinstance(value, str) else None


def number(value: Raw) -> float:
    """Return the number of a typed value; a boolean, whose type says so, is 0 or 1.

    Raises:
        BadPayload: it is a text or not finite.
    """
    if isinstance(value, str) or not math.isfinite(value):
        raise BadPayload(f"{shown(value)} is no number")
    return float(value)


def _metric(message: Any) -> Metric:
    field = message.WhichOneof("value")
    kind: int = message.datatype
    value: Raw | None = getattr(message, field) if field is not None else None
    if message.is_null:
        value = None
    if value is not None and kind:
        value = typed(value, kind)
    quality, unit = (
        _properties(message.properties) if message.HasField("properties") else (None, "")
    )
    if len(message.name) > NAME_MAX:
        raise BadPayload(f"a name of {len(message.name)} characters")
    return Metric(
        name=message.name,
        alias=message.alias if message.HasField("alias") else None,
        kind=kind,
        value=value,
        at_ms=message.timestamp if message.HasField("timestamp") else None,
        historical=message.is_historical,
        quality=quality,
        unit=unit,
    )


def _properties(message: Any) -> tuple[int | None, str]:
    quality, unit = None, ""
    for key, item in zip(message.keys, message.values, strict=False):
        if key.lower() == "quality" and item.HasField("int_value"):
            quality = item.int_value
        elif key.lower() == "engunit" and item.HasField("string_value"):
            unit = item.string_value
    return quality, unit


def _put(message: Any, metric: Metric) -> None:
    if metric.name:
        message.name = metric.name
    if metric.alias is not None:
        message.alias = metric.alias
    if metric.at_ms is not None:
        message.timestamp = metric.at_ms
    if metric.historical:
        message.is_historical = True
    message.datatype = metric.kind
    if metric.value is None:
        message.is_null = True
    else:
        setattr(message, *_coded(metric.value, metric.kind))
    if metric.quality is not None:
        message.properties.keys.append("Quality")
        message.properties.values.add(type=DataType.INT32, int_value=metric.quality)
    if metric.unit:
        message.properties.keys.append("engUnit")
        message.properties.values.add(type=DataType.STRING, string_value=metric.unit)


def _coded(value: Raw, kind: int) -> tuple[str, Raw]:
    """Return the field and its content for a value."""
    match value:
        case bool() if kind == DataType.BOOLEAN:
            return "boolean_value", value
        case int() if kind in _BITS and not isinstance(value, bool):
            bits = _BITS[DataType(kind)]
            if typed(value, kind) != value:
                raise ValueError(f"{value} does not fit {DataType(kind).name}")
            return ("int_value", value % (1 << 32)) if bits <= 32 else ("long_value", value % 2**64)
        case int() | float() if kind == DataType.DOUBLE and not isinstance(value, bool):
            return "double_value", float(value)
        case int() | float() if kind == DataType.FLOAT and not isinstance(value, bool):
            return "float_value", _single(float(value))
        case str() if kind in _TEXTS:
            return "string_value", value
    raise ValueError(f"{shown(value)} is not allowed for the data type {kind}")


def _single(value: float) -> float:
    try:
        (single,) = _FLOAT.unpack(_FLOAT.pack(value))
    except OverflowError as error:
        raise ValueError(f"{value:g} does not fit FLOAT") from error
    return float(single)


def _message_type() -> Any:
    """Describe the messages by their field numbers, and return the class of the payload."""
    file = descriptor_pb2.FileDescriptorProto(
        name="phoenyra/sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    value = [
        ("boolean_value", _Field.TYPE_BOOL),
        ("string_value", _Field.TYPE_STRING),
    ]
    numbers = [
        ("int_value", _Field.TYPE_UINT32),
        ("long_value", _Field.TYPE_UINT64),
        ("float_value", _Field.TYPE_FLOAT),
        ("double_value", _Field.TYPE_DOUBLE),
    ]
    one = file.message_type.add(name="PropertyValue")
    _add(one, 1, "type", _Field.TYPE_UINT32)
    _add(one, 2, "is_null", _Field.TYPE_BOOL)
    _choice(one, 3, [*numbers, *value])
    properties = file.message_type.add(name="PropertySet")
    _add(properties, 1, "keys", _Field.TYPE_STRING, many=True)
    _add(properties, 2, "values", _Field.TYPE_MESSAGE, many=True, of="PropertyValue")
    metric = file.message_type.add(name="Metric")
    _add(metric, 1, "name", _Field.TYPE_STRING)
    _add(metric, 2, "alias", _Field.TYPE_UINT64)
    _add(metric, 3, "timestamp", _Field.TYPE_UINT64)
    _add(metric, 4, "datatype", _Field.TYPE_UINT32)
    _add(metric, 5, "is_historical", _Field.TYPE_BOOL)
    _add(metric, 7, "is_null", _Field.TYPE_BOOL)
    _add(metric, 9, "properties", _Field.TYPE_MESSAGE, of="PropertySet")
    _choice(metric, 10, [*numbers, *value])
    payload = file.message_type.add(name="Payload")
    _add(payload, 1, "timestamp", _Field.TYPE_UINT64)
    _add(payload, 2, "metrics", _Field.TYPE_MESSAGE, many=True, of="Metric")
    _add(payload, 3, "seq", _Field.TYPE_UINT64)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _choice(
    message: descriptor_pb2.DescriptorProto, first: int, fields: Sequence[tuple[str, Any]]
) -> None:
    message.oneof_decl.add(name="value")
    for at, (name, kind) in enumerate(fields):
        _add(message, first + at, name, kind).oneof_index = 0


def _add(
    message: descriptor_pb2.DescriptorProto,
    at: int,
    name: str,
    kind: "_Field.Type.ValueType",
    *,
    many: bool = False,
    of: str = "",
) -> descriptor_pb2.FieldDescriptorProto:
    label = _Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL
    field = message.field.add(name=name, number=at, type=kind, label=label)
    if of:
        field.type_name = f".{_PACKAGE}.{of}"
    return field


_PAYLOAD = _message_type()
