"""drivers.serial: sound telegrams in any pieces, and nothing at all out of damaged ones."""

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.serial import iec62056, sml
from drivers.serial.iec62056 import Blocks, Telegrams, acknowledgement, ident, request
from drivers.serial.lines import Checksum, LineFormat, Lines, nmea
from drivers.serial.sml import Frames
from drivers.serial.telegram import Damaged, Framer, Telegram, Value, by_obis, number, obis
from tests.support.serial_meters import meter_of

SEMICOLONS = LineFormat(separator=";")


def lines(form: LineFormat = SEMICOLONS) -> Lines:
    return Lines(form, from_the_middle=False)


def fed(framer: Framer, data: bytes, cuts: Sequence[int] = ()) -> list[Telegram | Damaged]:
    """Feed `data` in pieces that end at `cuts`."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    found: list[Telegram | Damaged] = []
    for start, end in itertools.pairwise(edges):
        found.extend(framer.feed(data[start:end]))
    return found


SML = meter_of("sml-meter").unasked()
LINE = b"F=49.998Hz;U=230.4V\r\n"
DSMR = b"/ABC5\\x\r\n\r\n1-0:1.8.0(000123.456*kWh)\r\n0-1:24.2.1(251121040000W)(00012.3*m3)\r\n!"
PUSHED = DSMR + f"{iec62056.crc16(DSMR):04X}".encode() + b"\r\n"
BLOCK = b"1.8.0(000123.456*kWh)\r\n16.7.0(-0012.5*kW)\r\n0.0.0(4711)\r\n!\r\n\x03"
READOUT = b"\x02" + BLOCK + bytes((iec62056.bcc(BLOCK),))
FRAMERS: dict[str, tuple[Callable[[], Framer], bytes]] = {
    "lines": (lines, LINE),
    "sml": (Frames, SML),
    "readout": (Blocks, READOUT),
    "pushed": (Telegrams, PUSHED),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("49.98", Value(49.98)),
        (" +49.98 Hz ", Value(49.98, "Hz")),
        ("-1.5e3kW", Value(-1500.0, "kW")),
        ("5.", Value(5.0)),
        ("", None),
        ("nan", None),
        ("1_000", None),
        ("1.2.3", None),
        ("0x10", None),
    ],
)
def test_a_number_is_read_with_its_unit_or_not_at_all(text: str, value: Value | None) -> None:
    assert number(text) == value


def test_obis_codes_are_known_by_their_full_and_their_short_form() -> None:
    assert obis("1-0:16.7.0*255") == ("1-0", "16.7.0")
    assert obis("16.7.0") == ("", "16.7.0")
    assert obis("C.1.0") == ("", "C.1.0")
    assert obis("power") is None
    shared = by_obis([("1-0:1.8.0", Value(1.0)), ("1-1:1.8.0", Value(2.0)), ("x", Value(3.0))])
    assert shared == {"1-0:1.8.0": Value(1.0), "1-1:1.8.0": Value(2.0)}


def test_a_line_tells_its_fields_by_number_and_by_label() -> None:
    assert fed(lines(), LINE) == [
        {
            "0": Value(49.998, "Hz"),
            "F": Value(49.998, "Hz"),
            "1": Value(230.4, "V"),
            "U": Value(230.4, "V"),
        }
    ]
    assert fed(lines(LineFormat()), b"50.012  230\n\n") == [{"0": Value(50.012), "1": Value(230.0)}]
    comma = lines(LineFormat(separator=";", decimal=","))
    assert fed(comma, b"f: 50,012 Hz\n") == [{"0": Value(50.012, "Hz"), "f": Value(50.012, "Hz")}]


def test_only_lines_with_the_prefix_are_ours() -> None:
    framer = lines(LineFormat(prefix="$FREQ,", separator=","))
    assert fed(framer, b"$GPGGA,1,2\r\n$FREQ,49.99\r\n") == [{"0": Value(49.99)}]


def test_a_wrong_nmea_checksum_costs_its_line() -> None:
    assert nmea("$AB") == "03"
    framer = lines(LineFormat(separator=",", checksum=Checksum.NMEA))
    good = "$FREQ,50.012"
    sound = f"{good}*{nmea(good)}\n".encode()
    assert fed(framer, sound) == [{"1": Value(50.012)}]
    (damaged,) = fed(framer, sound.replace(b"50", b"51"))
    assert isinstance(damaged, Damaged)
    assert fed(framer, b"50.012\n") == [Damaged("the checksum of '50.012' is wrong")]


def test_a_line_that_began_before_we_listened_is_never_believed() -> None:
    framer = Lines(LineFormat(), from_the_middle=True)
    assert fed(framer, b"9.998\n49.999\n") == [{"0": Value(49.999)}]


def test_a_line_without_end_costs_no_memory_and_what_follows_it_is_not_believed() -> None:
    framer = lines()
    (damaged,) = fed(framer, b"5" * 2_000)
    assert isinstance(damaged, Damaged)
    assert fed(framer, b"0.0\n50.0\n") == [{"0": Value(50.0)}]


def test_a_readout_tells_its_values_with_their_units() -> None:
    assert fed(Blocks(), READOUT) == [
        {"1.8.0": Value(123.456, "kWh"), "16.7.0": Value(-12.5, "kW"), "0.0.0": Value(4711.0)}
    ]


def test_a_readout_with_parity_bits_left_in_is_the_same() -> None:
    odd = bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in READOUT)
    assert odd != READOUT
    assert fed(Blocks(), odd) == fed(Blocks(), READOUT)


def test_a_telegram_that_comes_unasked_is_read_with_and_without_a_checksum() -> None:
    expected = {
        "1-0:1.8.0": Value(123.456, "kWh"),
        "1.8.0": Value(123.456, "kWh"),
        "0-1:24.2.1": Value(12.3, "m3"),
        "24.2.1": Value(12.3, "m3"),
    }
    assert fed(Telegrams(), PUSHED) == [expected]
    assert fed(Telegrams(), b"ut off)\r\n!\r\n" + DSMR + b"\r\n") == [expected]
    assert fed(Telegrams(), PUSHED.replace(b"123", b"124")) == [Damaged("the checksum is wrong")]


def test_a_meter_introduces_itself_and_our_own_echo_is_no_meter() -> None:
    meter = ident(b"/PHX5SIM-1\r\n")
    assert meter is not None
    assert (meter.maker, meter.baud, meter.model) == ("PHX", "5", "SIM-1")
    assert ident(request().strip()) is None
    assert request("0815") == b"/?0815!\r\n"
    assert acknowledgement("5") == b"\x06050\r\n"


def test_the_checksum_of_sml_is_the_standards() -> None:
    assert sml.crc16(b"123456789") == 0x906E


@pytest.mark.parametrize(
    ("hexadecimal", "says"),
    [
        ("1b1b1b1b 01010101 12345678 1b1b1b1b 1a00b87b", "no SML"),
        ("1b1b1b1b 01010101 12345600 1b1b1b1b 1a0191a5", "no SML"),
        ("1b1b1b1b 01010101 12345600 1b1b1b1b 1a0191a6", "the checksum is wrong"),
        ("1b1b1b1b 01010101 00000000 1b1b1b1b 1a090000", "the padding is wrong"),
    ],
)
def test_a_frame_is_checked_before_it_is_looked_into(hexadecimal: str, says: str) -> None:
    (damaged,) = fed(Frames(), bytes.fromhex(hexadecimal))
    assert isinstance(damaged, Damaged)
    assert says in damaged.reason


def test_sml_tells_power_and_energy_with_their_units() -> None:
    (telegram,) = fed(Frames(), SML)
    assert isinstance(telegram, dict)
    assert telegram["1-0:16.7.0"] == Value(0.0, "W")
    assert telegram["1.8.0"] == Value(0.0, "Wh")


def test_a_frame_that_lost_bytes_costs_itself_only() -> None:
    for lost in (1, 2, 3, 5):
        found = fed(Frames(), SML[:40] + SML[40 + lost :] + SML)
        assert [isinstance(one, Damaged) for one in found] == [True, False]


@pytest.mark.parametrize("name", FRAMERS)
@settings(max_examples=40)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=8), times=st.integers(1, 3))
def test_how_the_bytes_are_cut_makes_no_difference(
    name: str, cuts: Sequence[int], times: int
) -> None:
    make, data = FRAMERS[name]
    whole = fed(make(), data)
    assert len(whole) == 1
    assert not isinstance(whole[0], Damaged)
    assert fed(make(), data * times, cuts) == whole * times


@pytest.mark.parametrize("name", ["sml", "readout", "pushed"])
@settings(max_examples=120)
@given(place=st.integers(0, 10_000), byte=st.integers(1, 127), noise=st.binary(max_size=40))
def test_a_changed_byte_never_changes_a_value(
    name: str, place: int, byte: int, noise: bytes
) -> None:
    make, data = FRAMERS[name]
    (sound,) = fed(make(), data)
    place %= len(data)
    changed = data[:place] + bytes((data[place] ^ byte,)) + data[place + 1 :]
    framer = make()
    for telegram in [*fed(framer, changed), *fed(framer, noise.replace(b"/", b""))]:
        assert isinstance(telegram, Damaged) or telegram in (sound, {})


@pytest.mark.parametrize("name", FRAMERS)
@settings(max_examples=100)
@given(data=st.binary(max_size=300))
def test_no_bytes_raise_anything(name: str, data: bytes) -> None:
    make, sound = FRAMERS[name]
    fed(make(), data)
    fed(make(), sound[: len(sound) // 2] + data + sound[len(sound) // 2 :])


@settings(max_examples=150)
@given(data=st.binary(max_size=120))
def test_no_content_of_a_sound_frame_raises_anything(data: bytes) -> None:
    content = (data + b"\x00" * (-len(data) % 4)).replace(b"\x1b", b"\x1a")
    frame = sml.START + content + sml.ESCAPE + bytes((0x1A, -len(data) % 4))
    found = fed(Frames(), frame + sml.crc16(frame).to_bytes(2, "little"))
    assert len(found) == 1


def test_deep_and_endless_sml_is_refused() -> None:
    for bomb in (b"\x71" * 40, b"\xf1" * 40, b"\xff\x8f\x8f\x0f" + b"\x62\x01" * 20):
        with pytest.raises(ValueError, match=r"too deep|without end|in the middle"):
            sml.values(bomb)
