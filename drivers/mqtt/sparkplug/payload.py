"""Sparkplug B payloads: bytes to metrics and back. Pure.

The only file that imports protobuf. The message types are described here by their field numbers,
which are what the specification fixes; no compiler runs and no generated file is kept. Fields
that we do not use (data sets, templates, meta data) are passed over by the library itself.

A UINT32 is written as ``int_value``, as the specification says. Eclipse Tahu and whatever grew from
it write, and in part only read, ``long_value`` (tahu issue 76); both are read here.

Source: Eclipse Sparkplug 3.0.0, chapter 6 "Payloads".
"""

import struct
from collections.abc import Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import message as messages

from drivers.mqtt.sparkplug.metric import (
    BITS,
    TEXTS,
    DataType,
    Metric,
    Payload,
    Raw,
    typed,
)
from drivers.payload import BYTES_MAX, BadPayload, shown

METRICS_MAX = 5_000
"""Of one payload."""
NAME_MAX = 500
_PACKAGE = "phoenyra.sparkplug"
_Field = descriptor_pb2.FieldDescriptorProto
_FLOAT = struct.Struct("<f")


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
    except (messages.DecodeError, UnicodeDecodeError) as error:
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
        case int() if kind in BITS and not isinstance(value, bool):
            bits = BITS[DataType(kind)]
            if typed(value, kind) != value:
                raise ValueError(f"{value} does not fit {DataType(kind).name}")
            return ("int_value", value % (1 << 32)) if bits <= 32 else ("long_value", value % 2**64)
        case int() | float() if kind == DataType.DOUBLE and not isinstance(value, bool):
            return "double_value", float(value)
        case int() | float() if kind == DataType.FLOAT and not isinstance(value, bool):
            return "float_value", _single(float(value))
        case str() if kind in TEXTS:
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
