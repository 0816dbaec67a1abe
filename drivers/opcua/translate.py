"""Between the library's words and ours: node ids, samples, types of numbers, failures.

Beside `drivers.opcua.client` the only file of the drivers that imports asyncua.
"""

import base64
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import get_name_and_doc
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua.address import Address
from drivers.opcua.certificates import InvalidSignature
from drivers.opcua.sample import Sample
from wire.clock import micros

FAILURES = (
    RuntimeError,  # also the library's own errors
    OSError,
    TimeoutError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    struct.error,
    InvalidSignature,
)
"""What the library lets through when a server talks nonsense."""
Node: TypeAlias = ua.NodeId
NumberType: TypeAlias = ua.VariantType

_NO_TIME_BEFORE = datetime(1601, 1, 2, tzinfo=UTC)
"""Earlier times are the standard's way to say that there is none; OPC 10000-6, clause 5.2.2.5."""
_RESERVED = re.compile(r"(?=[/.<>:#!&])")
"""To be escaped in a name of a path; OPC 10000-4, annex A.2."""
_NUMBERS = frozenset(range(ua.VariantType.Boolean, ua.VariantType.Double + 1))
_SPANS = {
    ua.VariantType.Boolean: (0, 1),
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}


@dataclass(frozen=True, slots=True)
class Watch:
    """One node to be told of."""

    item: int
    """The number by which it is told of."""
    node: ua.NodeId
    sampling_s: float
    deadband: float = 0.0


def words(error: BaseException) -> str:
    """Return what went wrong, in one short line."""
    if isinstance(error, UaStatusCodeError):
        return str(get_name_and_doc(error.code)[0])
    if isinstance(error, InvalidSignature):
        return "the server's signature is not that of the trusted certificate"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{str(error)[:200] or type(error).__name__}"


def node_id(address: Address, index: Mapping[str, int]) -> ua.NodeId:
    """Return the node id of an address that is none of names."""
    kind, _, text = address.identifier.partition("=")
    number = ua.Int16(index[address.namespace])
    match kind:
        case "i":
            return ua.NodeId(ua.Int32(text), number, ua.NodeIdType.Numeric)
        case "g":
            return ua.NodeId(ua.Guid(text), number, ua.NodeIdType.Guid)
        case "b":
            return ua.NodeId(
                ua.ByteString(base64.b64decode(text)), number, ua.NodeIdType.ByteString
            )
        case _:
            return ua.NodeId(ua.String(text), number, ua.NodeIdType.String)


def browse_path(address: Address, index: Mapping[str, int]) -> ua.BrowsePath:
    """Return the path that leads from the Objects folder to an address of names."""
    steps = (f"/{index[uri]}:{_RESERVED.sub('&', name)}" for uri, name in address.names)
    path = ua.RelativePath.from_string("".join(steps))
    return ua.BrowsePath(ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder)), path)


def target(result: ua.BrowsePathResult) -> ua.NodeId | None:
    """Return where a path leads; None: nowhere, or to several places."""
    if not result.StatusCode.is_good() or len(result.Targets) != 1:
        return None
    found = result.Targets[0].TargetId
    return ua.NodeId(found.Identifier, found.NamespaceIndex, found.NodeIdType)


def sample(data: ua.DataValue) -> Sample:
    """Return what a data value says; whatever is no number, truth or text is no value."""
    source_us = _micros(data.SourceTimestamp) or _micros(data.ServerTimestamp)
    status = data.StatusCode
    if status is not None and not status.is_good():
        return Sample(None, status.name, source_us)
    value = None if data.Value is None else data.Value.Value
    if isinstance(value, ua.LocalizedText):
        value = value.Text
    if isinstance(value, str):
        return Sample(value, "", source_us)
    if isinstance(value, bool | int | float):
        return Sample(float(value), "", source_us)
    return Sample(None, "no number", source_us)


def number_type(declared: ua.DataValue, current: ua.DataValue) -> ua.VariantType:
    """Return of what type a number must be written: as declared or, where that is no basic type,
    as the value there is now; else a Double."""
    data_type = None if declared.Value is None else declared.Value.Value
    if isinstance(data_type, ua.NodeId) and data_type.NamespaceIndex == 0:
        number = data_type.Identifier
        if isinstance(number, int) and number in _NUMBERS:
            return ua.VariantType(number)
    held = None if current.Value is None else current.Value.VariantType
    if isinstance(held, ua.VariantType) and held in _NUMBERS:
        return held
    return ua.VariantType.Double


def variant(value: float, kind: ua.VariantType) -> ua.Variant:
    """Return a number as its type wants it.

    Raises:
        ValueError: the type cannot carry it.
    """
    if kind not in _SPANS:
        return ua.Variant(value, kind)
    low, high = _SPANS[kind]
    number = round(value)
    if not low <= number <= high:
        raise ValueError(f"{value:g} is not allowed; {low} to {high} is expected by the server")
    return ua.Variant(bool(number) if kind is ua.VariantType.Boolean else number, kind)


def monitored(watch: Watch, *, filtered: bool) -> ua.MonitoredItemCreateRequest:
    """Return the wish to be told of every new value, status or source time, the newest only."""
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor.NodeId = watch.node
    request.ItemToMonitor.AttributeId = AttributeIds.Value
    request.MonitoringMode = ua.MonitoringMode.Reporting
    parameters = request.RequestedParameters
    parameters.ClientHandle = watch.item
    parameters.SamplingInterval = watch.sampling_s * 1_000
    parameters.QueueSize = 1
    parameters.DiscardOldest = True
    if filtered:
        parameters.Filter = ua.DataChangeFilter(
            Trigger=ua.DataChangeTrigger.StatusValueTimestamp,
            DeadbandType=int(ua.DeadbandType.Absolute if watch.deadband else 0),
            DeadbandValue=watch.deadband,
        )
    return request


def _micros(at: datetime | None) -> int | None:
    if at is None:
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return None if aware < _NO_TIME_BEFORE else micros(aware)
