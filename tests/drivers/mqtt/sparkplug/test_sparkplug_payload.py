"""drivers.mqtt.sparkplug.payload and .metric: what is written is what is read, nothing else."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload, Raw, number, typed
from drivers.payload import BYTES_MAX, BadPayload

# Written byte by byte from the field numbers of the specification, without any library: time
# stamp 1000, one metric "P" (alias 3, INT16) of -2 as 32-bit two's complement, seq 7.
BY_HAND = bytes.fromhex(
    "08e807"  # 1: 1000
    "120d"  # 2: a metric of 13 bytes
    "0a0150"  # 1: "P"
    "1003"  # 2: 3
    "2002"  # 4: 2, INT16
    "50feffffff0f"  # 10: 0xFFFFFFFE
    "1807"  # 3: 7
)
SIGNED = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
UNSIGNED = {
    DataType.UINT8: 8,
    DataType.UINT16: 16,
    DataType.UINT32: 32,
    DataType.UINT64: 64,
    DataType.DATETIME: 64,
}


def integers() -> st.SearchStrategy[tuple[DataType, Raw]]:
    ranges = [(kind, -(1 << bits - 1), (1 << bits - 1) - 1) for kind, bits in SIGNED.items()]
    ranges += [(kind, 0, (1 << bits) - 1) for kind, bits in UNSIGNED.items()]
    return st.sampled_from(ranges).flatmap(
        lambda row: st.tuples(st.just(row[0]), st.integers(row[1], row[2]))
    )


def values() -> st.SearchStrategy[tuple[DataType, Raw | None]]:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    return st.one_of(
        integers(),
        st.tuples(st.just(DataType.DOUBLE), finite),
        st.tuples(st.just(DataType.FLOAT), st.floats(width=32, allow_nan=False)),
        st.tuples(st.just(DataType.BOOLEAN), st.booleans()),
        st.tuples(st.sampled_from([DataType.STRING, DataType.TEXT]), st.text(max_size=20)),
        st.tuples(st.sampled_from(DataType), st.none()),
    )


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    kind, value = draw(values())
    return Metric(
        name=draw(st.text(max_size=20)),
        alias=draw(st.none() | st.integers(0, 2**64 - 1)),
        kind=kind,
        value=value,
        at_ms=draw(st.none() | st.integers(0, 2**50)),
        historical=draw(st.booleans()),
        quality=draw(st.none() | st.sampled_from([0, 192, 500])),
        unit=draw(st.sampled_from(["", "kW", "°C"])),
    )


@settings(max_examples=200)
@given(st.lists(metrics(), max_size=4), st.none() | st.integers(0, 255))
def test_every_payload_comes_back_as_it_went(sent: list[Metric], seq: int | None) -> None:
    told = Payload(at_ms=1_700_000_000_000, seq=seq, metrics=tuple(sent))
    assert payload.decode(payload.encode(told)) == told


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_garbage_is_refused_or_read_but_never_anything_else(data: bytes) -> None:
    with contextlib.suppress(BadPayload):
        assert payload.decode(data).metrics is not None


def test_bytes_that_were_written_by_hand_are_understood() -> None:
    metric = Metric(name="P", alias=3, kind=DataType.INT16, value=-2)
    told = Payload(at_ms=1_000, seq=7, metrics=(metric,))
    assert payload.decode(BY_HAND) == told
    assert payload.encode(told) == BY_HAND


def test_fields_of_later_versions_are_passed_over() -> None:
    assert payload.decode(BY_HAND + b"\x32\x02ab" + b"\x22\x01u").seq == 7


def test_a_value_without_a_type_is_typed_by_whoever_knows_its_birth() -> None:
    data = bytes.fromhex("1208" + "1003" + "50feffffff0f")
    (metric,) = payload.decode(data).metrics
    assert (metric.kind, metric.value) == (0, 0xFFFFFFFE)
    assert typed(0xFFFFFFFE, DataType.INT16) == -2
    assert typed(0xFFFFFFFE, DataType.UINT16) == 65_534


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, DataType.INT32),
        (1, DataType.BOOLEAN),
        (1.5, DataType.INT32),
        ("1", DataType.DOUBLE),
        (1, DataType.DOUBLE),
        (1, 16),
        (1.0, 99),
    ],
)
def test_a_value_that_its_type_cannot_be_is_none(value: Raw, kind: int) -> None:
    assert typed(value, kind) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (128, DataType.INT8),
        (-1, DataType.UINT64),
        (1e39, DataType.FLOAT),
        ("x", DataType.DOUBLE),
        (True, DataType.INT8),
        (True, DataType.DOUBLE),
        (1.0, DataType.INT32),
        (1, 99),
    ],
)
def test_a_value_that_does_not_fit_is_not_written(value: Raw, kind: int) -> None:
    with pytest.raises(ValueError, match=r"fit|allowed"):
        payload.encode(Payload(metrics=(Metric(name="x", kind=kind, value=value),)))


@pytest.mark.parametrize("value", ["12", math.nan, math.inf])
def test_only_finite_values_are_numbers(value: Raw) -> None:
    with pytest.raises(BadPayload, match="no number"):
        number(value)
    assert number(True) == 1.0


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    with pytest.raises(BadPayload, match="bytes are more"):
        payload.decode(bytes(BYTES_MAX + 1))
    with pytest.raises(BadPayload, match="metrics are more"):
        payload.decode(b"\x12\x00" * (payload.METRICS_MAX + 1))
    with pytest.raises(BadPayload, match="no Sparkplug payload"):
        payload.decode(b'{"value": 1}')
    with pytest.raises(BadPayload, match="a name of"):
        payload.decode(payload.encode(Payload(metrics=(Metric(name="x" * 501, kind=3, value=1),))))
