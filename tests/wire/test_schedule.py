"""wire/schedule.py: what was awarded arrives exactly; what cannot be executed is refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tests.support import messages, strategies
from tests.support.messages import AT_US, QUARTER_US, SCHEDULE
from wire import fields
from wire import schedule as schedules
from wire.fields import BadMessage
from wire.schedule import Fallback, Price, Schedule, Slot


@given(strategies.schedules())
def test_every_schedule_comes_back_exactly(schedule: Schedule) -> None:
    text = fields.compact(schedules.to_document(schedule))
    assert schedules.from_document(fields.parse(text)) == schedule


@given(strategies.damaged(schedules.to_document(messages.SCHEDULE)))
def test_a_damaged_schedule_is_refused_or_can_be_executed(text: str) -> None:
    try:
        schedule = schedules.from_document(fields.parse(text))
    except BadMessage as error:
        messages.check_refusal(error)
        return
    assert all(slot.start_us < slot.end_us for slot in schedule.slots)
    assert all(abs(slot.power_kw) <= schedules.POWER_KW_MAX for slot in schedule.slots)
    assert all(service.curve for service in schedule.services)


def test_a_slot_covers_its_start_and_not_its_end() -> None:
    first, second = SCHEDULE.slots
    assert SCHEDULE.slot_at(AT_US - 1) is None
    assert SCHEDULE.slot_at(AT_US) == first
    assert SCHEDULE.slot_at(AT_US + QUARTER_US - 1) == first
    assert SCHEDULE.slot_at(AT_US + QUARTER_US) == second
    assert SCHEDULE.slot_at(AT_US + 2 * QUARTER_US) is None


def test_a_higher_version_or_a_later_issue_replaces_a_schedule() -> None:
    for versions_on, issued_later_us, follows in (
        (0, 0, False),
        (1, 0, True),
        (-1, 0, False),
        (-1, 1, True),
        (0, -1, False),
    ):
        other = replace(
            SCHEDULE,
            version=SCHEDULE.version + versions_on,
            issued_us=SCHEDULE.issued_us + issued_later_us,
        )
        assert other.replaces(SCHEDULE) is follows


def test_a_schedule_ends_with_its_last_slot_or_when_it_was_issued() -> None:
    assert SCHEDULE.ends_us == AT_US + 2 * QUARTER_US
    assert replace(SCHEDULE, slots=()).ends_us == AT_US


def _with_slots(*slots: Slot) -> dict[str, object]:
    return schedules.to_document(replace(SCHEDULE, slots=slots))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (_with_slots(Slot(0, 10, 1.0), Slot(9, 20, 1.0)), r"slots\[1\]\.start_us: 9 is not"),
        (_with_slots(Slot(10, 20, 1.0), Slot(0, 10, 1.0)), r"slots\[1\]\.start_us: 0 is not"),
        (_with_slots(Slot(10, 10, 1.0)), r"slots\[0\]\.end_us: 10 is not allowed"),
        (_with_slots(Slot(0, 10, 1e7 + 1)), r"slots\[0\]\.power_kw: 10000001"),
        (_with_slots(*[Slot(0, 10, 1.0)] * 1_001), "at most 1000 entries"),
        ({**_with_slots(), "version": None}, r"schedule\.version: None is not allowed"),
        ({**_with_slots(), "v": 2}, r"schedule\.v: 2 is not allowed"),
    ],
)
def test_what_cannot_be_executed_is_named(document: dict[str, object], says: str) -> None:
    with pytest.raises(BadMessage, match=says):
        schedules.from_document(document)


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        ([], "at least one point"),
        ([[0.1, 0.0], [0.1, 1.0]], r"curve\[1\]: .* rising deviations"),
        ([[0.0, 1.5]], r"curve\[0\]\.pu: 1.5 is not allowed; a number of -1 to 1"),
        ([[6.0, 0.0]], r"curve\[0\]\.hz: 6.0 is not allowed"),
        ([[0.0]], r"curve\[0\]"),
        ([[0.0, 0.0]] * 51, "at most 50 entries"),
    ],
)
def test_a_curve_that_is_none_is_named(curve: list[Any], says: str) -> None:
    document: Any = schedules.to_document(SCHEDULE)
    document["services"][0]["curve"] = curve
    with pytest.raises(BadMessage, match=says):
        schedules.from_document(document)


def test_a_price_covers_its_start_and_not_its_end() -> None:
    first, second = messages.SCHEDULE_WITH_PRICES.prices
    known = messages.SCHEDULE_WITH_PRICES
    assert known.price_at(AT_US - 1) is None
    assert known.price_at(AT_US) == first
    assert known.price_at(AT_US + QUARTER_US) == second
    assert known.price_at(AT_US + 2 * QUARTER_US) is None
    assert SCHEDULE.price_at(AT_US) is None


def test_a_fallback_holds_after_the_last_slot_and_until_its_own_end() -> None:
    known = messages.SCHEDULE_WITH_PRICES
    assert known.fallback_at(AT_US + QUARTER_US) is None
    assert known.fallback_at(AT_US + 2 * QUARTER_US) == Fallback(-5.0, AT_US + 6 * QUARTER_US)
    assert known.fallback_at(AT_US + 6 * QUARTER_US) is None
    assert SCHEDULE.fallback_at(AT_US + 2 * QUARTER_US) is None


def test_overlapping_prices_are_refused_and_named() -> None:
    prices = (Price(AT_US, AT_US + 10, 1), Price(AT_US + 9, AT_US + 20, 2))
    document = schedules.to_document(replace(SCHEDULE, prices=prices))
    with pytest.raises(BadMessage, match=r"schedule\.prices\[1\]\.start_us"):
        schedules.from_document(document)


@given(strategies.damaged(schedules.to_document(messages.SCHEDULE_WITH_PRICES)))
def test_a_damaged_schedule_with_prices_is_refused_or_can_be_executed(text: str) -> None:
    try:
        schedule = schedules.from_document(fields.parse(text))
    except BadMessage as error:
        messages.check_refusal(error)
        return
    assert all(price.start_us < price.end_us for price in schedule.prices)
    assert schedule.fallback is None or abs(schedule.fallback.power_kw) <= schedules.POWER_KW_MAX
