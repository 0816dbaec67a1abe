"""`agent.discover.targets`: only what somebody named, within limits, and one line for a mistake."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.discover.targets import (
    HOSTS_MAX,
    BadTarget,
    Service,
    Target,
    parse_ports,
    parse_units,
    targets,
)

MODBUS = [(502, Service.MODBUS)]


def test_every_host_of_a_network_is_asked_at_every_port_and_no_host_twice_in_a_row() -> None:
    found = targets("192.168.7.0/30", [*MODBUS, (1883, Service.MQTT)], public=False)
    assert [str(target) for target in found] == [
        "192.168.7.1:502",
        "192.168.7.2:502",
        "192.168.7.1:1883",
        "192.168.7.2:1883",
    ]


def test_one_address_is_a_network_of_its_own() -> None:
    assert targets("127.0.0.1", MODBUS, public=False) == [Target("127.0.0.1", 502, Service.MODBUS)]


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ("10.0.0.0/8", "has 16777216 addresses; at most 4096 are expected"),
        ("8.8.8.0/24", "is not a private network; give --public"),
        ("fe80::/64", "addresses; at most 4096"),
        ("the office", "'the office' is not allowed; 192.168.1.0/24 or one address is expected"),
    ],
)
def test_a_network_that_cannot_be_meant_is_refused_with_one_line(network: str, line: str) -> None:
    with pytest.raises(BadTarget) as caught:
        targets(network, MODBUS, public=False)
    assert line in str(caught.value)


def test_a_public_network_is_asked_only_when_somebody_insists() -> None:
    assert len(targets("8.8.8.0/30", MODBUS, public=True)) == 2


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_nothing_outside_the_named_network_is_ever_asked(
    address: ipaddress.IPv4Address, bits: int
) -> None:
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    try:
        found = targets(str(network), MODBUS, public=True)
    except BadTarget:
        assert network.num_addresses > HOSTS_MAX
    else:
        assert found
        assert all(ipaddress.ip_address(target.host) in network for target in found)


def test_ports_name_their_service_or_are_looked_up() -> None:
    assert parse_ports("502, opcua:4841,1883") == [
        (502, Service.MODBUS),
        (4841, Service.OPCUA),
        (1883, Service.MQTT),
    ]


@pytest.mark.parametrize("text", ["", "0", "65536", "http:80", "502,,", "5\u0660\u0662"])
def test_a_wrong_port_is_refused_with_one_line(text: str) -> None:
    with pytest.raises(BadTarget, match=r"^ports: "):
        parse_ports(text)


def test_units_are_numbers_and_ranges_each_once() -> None:
    assert parse_units("1-3,71,2") == [1, 2, 3, 71]


@pytest.mark.parametrize("text", ["", "256", "1-", "a", "1-300", "-1"])
def test_a_wrong_unit_is_refused_with_one_line(text: str) -> None:
    with pytest.raises(BadTarget, match=r"^units: "):
        parse_units(text)
