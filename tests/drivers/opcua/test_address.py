"""drivers.opcua.address: places that survive a renumbering, and nothing else."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.address import STANDARD_NAMESPACE, Address, BadAddress, parse_node, parse_path

URI = "urn:maker:plant"


def test_a_node_names_its_namespace_by_its_uri() -> None:
    assert parse_node("nsu=urn:a;s=x;y=1") == Address("urn:a", "s=x;y=1")
    assert parse_node("i=85", URI) == Address(URI, "i=85")
    assert str(parse_node("s=power", URI)) == "nsu=urn:maker:plant;s=power"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ns=2;s=power", "an index moves"),
        ("s=power", "link.namespace"),
        ("nsu=urn:a;i=-1", "a node id such as"),
        ("nsu=urn:a;i=4294967296", "a node id such as"),
        ("nsu=urn:a;g=1", "a node id such as"),
        ("nsu=urn:a;b=%", "a node id such as"),
        ("power", "a node id such as"),
        ("nsu=urn:a;s=" + "x" * 600, "a node id such as"),
    ],
)
def test_what_is_no_node_is_refused_with_what_is_expected(text: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said):
        parse_node(text)


def test_a_path_takes_its_names_from_the_given_namespace_or_the_standards() -> None:
    path = parse_path("/0:Server/Plant", URI)
    assert path.names == ((STANDARD_NAMESPACE, "Server"), (URI, "Plant"))
    assert path.namespaces == {STANDARD_NAMESPACE, URI}
    for text in ("Plant", "/", "/Plant//Power", "/Plant/"):
        with pytest.raises(BadAddress):
            parse_path(text, URI)
    with pytest.raises(BadAddress, match=r"link\.namespace"):
        parse_path("/Plant")


@given(st.text(max_size=40), st.sampled_from([parse_node, parse_path]))
def test_any_text_is_an_address_or_refused(text: str, parse: Callable[[str, str], Address]) -> None:
    with contextlib.suppress(BadAddress):
        assert parse(text, URI).namespaces
