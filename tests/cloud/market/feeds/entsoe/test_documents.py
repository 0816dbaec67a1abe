"""Documents and what only looks like one: read whole or refused in one line, within limits."""

import pytest

from cloud.market.feeds.entsoe import document as documents
from cloud.market.feeds.entsoe import xml
from cloud.market.feeds.entsoe.acknowledgement import Acknowledgement, Reaction, Reason
from cloud.market.feeds.entsoe.document import Document, instant_us, number, parse
from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer
from simulators.entsoe_documents import MadeDocument, MadePeriod, MadeSeries
from simulators.entsoe_documents import xml as made_xml

START_US = 1_768_431_600_000_000
PERIOD = MadePeriod(start_us=START_US, resolution="PT15M", values=[1.0, 1.0, -2.5, None])
SERIES = MadeSeries(texts={"businessType": "A62"}, periods=[PERIOD])
MADE = MadeDocument(root="Publication_MarketDocument", type="A44", series=[SERIES], mrid="one")
PLAIN = made_xml(MADE)


def data(body: bytes) -> Document:
    found = parse(body)
    assert isinstance(found, Document)
    return found


def test_a_document_is_read_with_its_series_periods_and_points() -> None:
    found = data(PLAIN)
    assert (found.root, found.type, found.mrid, found.revision) == (MADE.root, "A44", "one", 1)
    (series,) = found.series
    (period,) = series.periods
    assert (period.positions, period.values) == ([1, 3, 4], [1.0, -2.5, None])
    assert (period.start_us, period.resolution) == (START_US, "PT15M")


@pytest.mark.parametrize(
    "changed",
    [
        PLAIN.replace(b' xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"', b""),
        PLAIN.replace(b"publicationdocument:7:3", b"publicationdocument:8:1"),
        PLAIN.replace(b"<", b"<p:")
        .replace(b"<p:/", b"</p:")
        .replace(b"<p:?", b"<?")
        .replace(b"xmlns=", b"xmlns:p="),
        PLAIN.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        PLAIN.replace(b"UTF-8", b"ISO-8859-1"),
        PLAIN.replace(b"><", b">\r\n\t  <"),
    ],
    ids=["none", "newer", "prefixed", "utf-16", "latin", "indented"],
)
def test_neither_namespace_nor_encoding_nor_indentation_matters(changed: bytes) -> None:
    assert data(changed).series[0].periods == data(PLAIN).series[0].periods


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<html><body>Service Unavailable</body></html>", "'html' is no document"),
        (b'{"error": 1}', "no XML"),
        (PLAIN[: len(PLAIN) // 2], "no XML"),
        (PLAIN + b"<more/>", "no XML"),
        (PLAIN.replace(b"UTF-8", b"KLINGON"), "no XML"),
        (PLAIN.replace(b"one", b"\xff\xfe\xfd"), "no XML"),
        (PLAIN.replace(b"<type>A44</type>", b""), "type"),
        (PLAIN.replace(b">-2.50<", b">-2,50<"), "'-2,50' is no number"),
        (PLAIN.replace(b">-2.50<", b">1e3<"), "'1e3' is no number"),
        (PLAIN.replace(b">-2.50<", b">NaN<"), "no number"),
        (PLAIN.replace(b">-2.50<", b">inf<"), "no number"),
        (PLAIN.replace(b">-2.50<", "٣".encode().join([b">", b"<"])), "no number"),
        (PLAIN.replace(b"<position>3</position>", b"<position>3.0</position>"), "position"),
        (PLAIN.replace(b"<position>3</position>", b""), "position"),
        (PLAIN.replace(b"<revisionNumber>1<", b"<revisionNumber>x<"), "revisionNumber"),
        (PLAIN.replace(b"23:00Z", b"23:00"), "no instant"),
        (PLAIN.replace(b"2026-01-14T", b"2026-02-30T"), "no instant"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(body: bytes, said: str) -> None:
    with pytest.raises(BadAnswer, match=said) as caught:
        parse(body)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


ENTITY = b'<!DOCTYPE a [<!ENTITY e "x">]>'
BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)
EXTERNAL = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "prologue", [ENTITY, BOMB, EXTERNAL, b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">']
)
def test_document_types_and_entities_are_never_read(prologue: bytes) -> None:
    head, _, rest = PLAIN.partition(b"\n")
    hostile = head + prologue + rest.replace(b">one<", b">&e;<")
    with pytest.raises(BadAnswer, match="document type or an entity"):
        parse(hostile)


def nested(depth: int) -> bytes:
    return b"<GL_MarketDocument>" + b"<a>" * depth + b"</a>" * depth + b"</GL_MarketDocument>"


@pytest.mark.parametrize(
    "body",
    [
        nested(xml.DEPTH_MAX),
        b"<GL_MarketDocument><a>" + b"x" * 5_000 + b"</a></GL_MarketDocument>",
        b"<GL_MarketDocument><a " + b'b="" ' * 1_000_000,
        b"<GL_MarketDocument>" + b"".join(b"<a%d/>" % at for at in range(1_100)),
        PLAIN.replace(b"</TimeSeries>", b"</TimeSeries>" + b"<TimeSeries></TimeSeries>" * 20_000),
    ],
    ids=["deep", "long text", "long tag", "many names", "many series"],
)
def test_every_size_has_a_limit(body: bytes) -> None:
    with pytest.raises(AnswerTooLarge):
        parse(body)


def test_points_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "POINTS_MAX", 2)
    with pytest.raises(AnswerTooLarge, match="more than 2 points"):
        parse(PLAIN)


def test_prices_of_two_categories_are_two_periods() -> None:
    point = b"<Point><position>%d</position><imbalance_Price.amount>%d</imbalance_Price.amount>"
    category = b"<imbalance_Price.category>%s</imbalance_Price.category></Point>"
    points = b"".join(
        (point + category) % row for row in [(1, 5, b"A04"), (1, 9, b"A05"), (2, 6, b"A04")]
    )
    start, end = PLAIN.index(b"<Point>"), PLAIN.rindex(b"</Point>") + len(b"</Point>")
    periods = data(PLAIN[:start] + points + PLAIN[end:]).series[0].periods
    assert [(period.category, period.values) for period in periods] == [
        ("A04", [5.0, 6.0]),
        ("A05", [9.0]),
    ]


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("-0.01", -0.01), ("+5.", 5.0), (".5", 0.5), ("", None)]
)
def test_numbers_have_a_decimal_point_or_none(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-14T23:00Z",
        "2026-01-15T00:00+01:00",
        "2026-01-14T23:00:00Z",
        "2026-01-14T23:00:00.000Z",
    ],
)
def test_instants_carry_their_zone(text: str) -> None:
    assert instant_us(text) == START_US


LONG = (
    "No matching data found for Data item [12.1.D] (10YAT-APG------L) and interval"
    " 2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z."
)
TOO_MUCH = "The amount of requested data exceeds allowed limit: 100 allowed, 213 requested"


@pytest.mark.parametrize(
    ("reasons", "reaction"),
    [
        ([Reason("999", LONG)], Reaction.NOTHING_PUBLISHED),
        ([Reason("999", "no  matching\ndata")], Reaction.NOTHING_PUBLISHED),
        ([Reason("999", TOO_MUCH)], Reaction.ASK_FOR_LESS),
        ([Reason("999", "The interval 2026-01-01T00:00Z is not valid")], Reaction.TROUBLE),
        ([Reason("999", "")], Reaction.TROUBLE),
        ([Reason("B11", "No matching data found")], Reaction.TROUBLE),
        ([Reason("", "No matching data found")], Reaction.TROUBLE),
        ([Reason("999", LONG), Reason("B11", "x")], Reaction.TROUBLE),
        ([], Reaction.TROUBLE),
    ],
)
def test_an_acknowledgement_is_understood_by_code_and_two_numbers(
    reasons: list[Reason], reaction: Reaction
) -> None:
    assert Acknowledgement(tuple(reasons)).reaction() is reaction
