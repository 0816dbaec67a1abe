"""cloud.exchange.matrix: 72 combinations, 19 accepted; which field belongs to which code."""

import re
from dataclasses import replace
from itertools import product

import pytest

from cloud.exchange.matching.codes import Execution, Kind, Side, State, Validity
from cloud.exchange.matching.order import Owner
from cloud.exchange.matrix import (
    CONTINUOUS,
    TABLE,
    Codes,
    Profile,
    Sizes,
    codes_of,
    refusal,
)
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import CLIPS_MAX
from cloud.exchange.venue.refusals import STATUS
from tests.support.exchange import contract
from wire.clock import QUARTER_HOUR_US

ACCEPTED = """
O NON GFS ACTI | O NON GFS HIBE | O NON GTD ACTI | O NON GTD HIBE
O AON GFS ACTI | O AON GFS HIBE | O AON GTD ACTI | O AON GTD HIBE
O FOK NON ACTI | O IOC NON ACTI | B IOC NON ACTI
B AON GFS ACTI | B AON GFS HIBE | B AON GTD ACTI | B AON GTD HIBE
I NON GFS ACTI | I NON GFS HIBE | I NON GTD ACTI | I NON GTD HIBE
"""
"""The 19 of the rule book, written out."""

WRITTEN_OUT = {tuple(line.split()) for line in re.split(r"[|\n]", ACCEPTED) if line.strip()}
PARTS = (contract(0), contract(QUARTER_HOUR_US))
RANGE = replace(PARTS[0], end_us=PARTS[-1].end_us, product="BLOCK", parts=PARTS)
ALL = [
    Codes(*codes) for codes in product(Kind, Execution, Validity, (State.ACTIVE, State.HIBERNATED))
]


def values(codes: Codes) -> tuple[str, ...]:
    return tuple(code.value for code in codes)


def entry(codes: Codes) -> Entry:
    """Return an order whose fields suit its codes."""
    iceberg, dated = codes.kind is Kind.ICEBERG, codes.validity is Validity.GTD
    return Entry(
        owner=Owner(1, "ada"),
        contract=RANGE if codes.kind is Kind.BLOCK else contract(0),
        side=Side.SELL,
        price_ticks=5_000,
        quantity_steps=100,
        kind=codes.kind,
        execution=codes.execution,
        validity=codes.validity,
        valid_until_us=1 if dated else 0,
        state=codes.state,
        display_steps=40 if iceberg else 0,
        delta_ticks=50 if iceberg else 0,
    )


LIMIT = entry(Codes(Kind.LIMIT, Execution.NON, Validity.GFS, State.ACTIVE))
ICEBERG = entry(Codes(Kind.ICEBERG, Execution.NON, Validity.GFS, State.ACTIVE))
DATED = entry(Codes(Kind.LIMIT, Execution.NON, Validity.GTD, State.ACTIVE))
BLOCK = entry(Codes(Kind.BLOCK, Execution.AON, Validity.GFS, State.ACTIVE))


def test_there_are_72_combinations_and_19_are_accepted() -> None:
    assert len(ALL) == len(set(ALL)) == 72
    assert len(WRITTEN_OUT) == len(CONTINUOUS.accepted) == 19


@pytest.mark.parametrize("codes", ALL, ids=lambda codes: "-".join(values(codes)))
def test_each_combination_is_accepted_or_refused_by_its_pair(codes: Codes) -> None:
    answer = refusal(entry(codes))
    if values(codes) in WRITTEN_OUT:
        assert answer is None
    else:
        assert answer is not None
        first, second = answer.code.lower().split("_")
        named = dict(zip(("type", "execution", "validity", "state"), values(codes), strict=True))
        assert answer.text.startswith(
            f"{second}: {named[second]!r} is not allowed with {first} {named[first]!r}; "
        )
        pair = {(line[0], line[1], line[2], line[3]) for line in WRITTEN_OUT}
        places = ("type", "execution", "validity", "state")
        at = places.index(first), places.index(second)
        assert not [
            row for row in pair if (row[at[0]], row[at[1]]) == (named[first], named[second])
        ], "the pair is named although it occurs in the table"


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        (
            Codes(Kind.BLOCK, Execution.NON, Validity.GFS, State.ACTIVE),
            "execution: 'NON' is not allowed with type 'B'; AON, IOC are",
        ),
        (
            Codes(Kind.LIMIT, Execution.NON, Validity.NON, State.ACTIVE),
            "validity: 'NON' is not allowed with execution 'NON'; GFS, GTD are",
        ),
        (
            Codes(Kind.LIMIT, Execution.FOK, Validity.NON, State.HIBERNATED),
            "state: 'HIBE' is not allowed with execution 'FOK'; ACTI is",
        ),
    ],
)
def test_a_refusal_names_the_pair_and_what_is_allowed(codes: Codes, sentence: str) -> None:
    answer = CONTINUOUS.refusal(codes)
    assert answer is not None
    assert answer.text == sentence


def test_a_venue_may_allow_more_or_less_by_another_table() -> None:
    fok_for_the_session = Codes(Kind.LIMIT, Execution.FOK, Validity.GFS, State.ACTIVE)
    more = Profile.of([*TABLE, (Kind.LIMIT, Execution.FOK, (Validity.GFS,), (State.ACTIVE,))])
    less = Profile.of(TABLE[:1])
    assert refusal(entry(fok_for_the_session), profile=more) is None
    assert refusal(ICEBERG, profile=less) is not None


def test_a_whole_that_only_pairs_allow_has_a_code_of_its_own() -> None:
    profile = Profile.of(
        [
            (Kind.LIMIT, Execution.NON, (Validity.GFS,), (State.ACTIVE,)),
            (Kind.LIMIT, Execution.AON, (Validity.GTD,), (State.ACTIVE,)),
            (Kind.ICEBERG, Execution.NON, (Validity.GTD,), (State.ACTIVE,)),
        ]
    )
    answer = profile.refusal(Codes(Kind.LIMIT, Execution.NON, Validity.GTD, State.ACTIVE))
    assert answer is not None
    assert answer.code == "COMBINATION"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(LIMIT, display_steps=4), "DISPLAY"),
        (replace(LIMIT, delta_ticks=1), "PRICE_DELTA"),
        (replace(ICEBERG, display_steps=0), "DISPLAY"),
        (replace(ICEBERG, display_steps=-4), "DISPLAY"),
        (replace(ICEBERG, quantity_steps=CLIPS_MAX + 1, display_steps=1), "DISPLAY"),
        (replace(ICEBERG, delta_ticks=-1), "PRICE_DELTA"),
        (replace(ICEBERG, side=Side.BUY), "PRICE_DELTA"),
        (replace(DATED, valid_until_us=0), "VALID_UNTIL"),
        (replace(LIMIT, valid_until_us=1), "VALID_UNTIL"),
        (replace(LIMIT, quantity_steps=0), "QUANTITY_MIN"),
        (replace(LIMIT, quantity_steps=-7), "QUANTITY_MIN"),
        (replace(LIMIT, price_ticks=None), "PRICE_MISSING"),
        (replace(LIMIT, contract=RANGE), "BLOCK_RANGE"),
        (replace(ICEBERG, contract=RANGE), "BLOCK_RANGE"),
        (replace(BLOCK, contract=contract(0)), "BLOCK_RANGE"),
    ],
)
def test_a_field_in_the_wrong_place_is_refused(wrong: Entry, code: str) -> None:
    answer = refusal(wrong)
    assert answer is not None
    assert (answer.code, STATUS[answer.code]) == (code, 422)


def test_a_peak_delta_of_nought_or_away_from_the_market_is_allowed() -> None:
    for side, delta in ((Side.BUY, -1), (Side.BUY, 0), (Side.SELL, 0), (Side.SELL, 1)):
        assert refusal(replace(ICEBERG, side=side, delta_ticks=delta)) is None


def test_quantity_and_clip_have_the_minimum_of_the_product() -> None:
    sizes = Sizes(steps_min=10, clip_steps_min=50)
    assert refusal(replace(LIMIT, quantity_steps=10), sizes=sizes) is None
    small = refusal(replace(LIMIT, quantity_steps=9), sizes=sizes)
    clip = refusal(replace(ICEBERG, display_steps=49), sizes=sizes)
    assert small == Refusal("QUANTITY_MIN", "quantity: 9 steps is not allowed; 10 or more is")
    assert clip is not None
    assert clip.code == "DISPLAY"


def test_an_iceberg_has_no_more_peaks_than_one_message_may_trade() -> None:
    most = replace(ICEBERG, quantity_steps=3 * CLIPS_MAX, display_steps=3)
    assert refusal(most) is None
    assert refusal(replace(most, quantity_steps=3 * CLIPS_MAX + 1)) == Refusal(
        "DISPLAY",
        "display_quantity: 3 steps is not allowed; 4 or more is, for an iceberg has at most 200"
        " peaks",
    )


def test_the_last_peak_of_an_iceberg_is_within_the_price_limits_of_its_product() -> None:
    most, least = contract(0).rule.price_ticks_max, contract(0).rule.price_ticks_min
    sale = replace(ICEBERG, price_ticks=most - 100)  # 100 steps by 40: 3 peaks, 50 ticks apart
    assert refusal(sale) is None
    beyond = refusal(replace(sale, price_ticks=most - 99))
    assert beyond is not None
    assert beyond.code == "PRICE_DELTA"
    assert "the last of 3 peaks would be at" in beyond.text
    buy = replace(ICEBERG, side=Side.BUY, delta_ticks=-50, price_ticks=least + 100)
    assert refusal(buy) is None
    assert refusal(replace(buy, price_ticks=least + 99)) is not None


def test_a_market_order_never_rests() -> None:
    for execution in (Execution.IOC, Execution.FOK):
        codes = Codes(Kind.LIMIT, execution, Validity.NON, State.ACTIVE)
        assert refusal(replace(entry(codes), price_ticks=None)) is None


@pytest.mark.parametrize("codes", ALL, ids=lambda codes: "-".join(values(codes)))
def test_codes_are_read_as_they_are_written(codes: Codes) -> None:
    assert codes_of(*values(codes)) == codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (("O", "AU", "NON"), "AUCTION_ONLY"),
        (("X", "NON", "GFS"), "TYPE_UNKNOWN"),
        (("O", "non", "GFS"), "EXECUTION_UNKNOWN"),
        (("O", "NON", "GFD"), "VALIDITY_UNKNOWN"),
        (("O", "NON", "GFS", "IACT"), "STATE_UNKNOWN"),
    ],
)
def test_a_code_that_is_none_is_refused(written: tuple[str, ...], code: str) -> None:
    answer = codes_of(*written)
    assert isinstance(answer, Refusal)
    assert (answer.code, STATUS[answer.code]) == (code, 422)


def test_without_a_validity_an_order_has_the_one_that_suits_its_execution() -> None:
    for execution in Execution:
        codes = codes_of("O", execution.value, None)
        assert isinstance(codes, Codes)
        assert codes in CONTINUOUS.accepted


def test_every_code_that_can_come_is_in_the_table_of_codes() -> None:
    for codes in ALL:
        answer = CONTINUOUS.refusal(codes)
        assert answer is None or STATUS[answer.code] == 422
