"""agent.control.recall: a control that is started again goes on where the one before it was."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import link
from agent.control.decision import Memory
from agent.control.energy import keep
from agent.control.energy.config import ProductEnergy
from agent.control.energy.contract import Contract
from agent.control.energy.manage import EnergyMemory
from agent.control.recall import AGE_S_MAX, restored, taken, told
from agent.control.response.alert import Alert
from agent.control.response.answer import ResponseMemory
from agent.control.response.catalogue import product_of
from agent.control.response.curve import FCR_CE
from agent.control.response.serving import Serving
from agent.recall import Recall
from tests.support import messages
from tests.support.reservoirs import Told, contract_of, nordic
from wire.fields import parse
from wire.schedule import FrequencyService

FCR = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True, reserve_mode=True)
SERVICE = FrequencyService("fcr_ce", 0, 10**15, 1_000.0, FCR_CE)


def again(told_before: Told, gap_s: float = 2.0) -> Told:
    """Return the same product under a control that was started `gap_s` later."""
    document = keep.to_document(told_before.memory)
    after = replace(told_before, at_s=told_before.at_s + gap_s)
    after.memory = keep.from_document(document, int(told_before.at_s))
    return after


def memory_of(energy: EnergyMemory, contract: Contract) -> ResponseMemory:
    serving = Serving(
        key="fcr_ce",
        service=SERVICE,
        product=product_of("fcr_ce", FCR_CE),
        contract=contract,
        energy=energy,
    )
    return ResponseMemory(products={"fcr_ce": serving}, alert=Alert(c1_s=700.0, c2_s=20.0))


@pytest.mark.parametrize("product", ["fcr_n", "fcr_d_up", "fcr_d_down"])
@pytest.mark.parametrize(("soc", "hz"), [(0.02, 49.85), (0.1, 50.0), (0.98, 50.12)])
def test_the_power_goes_on_without_a_step(product: str, soc: float, hz: float) -> None:
    before = Told(contract_of(nordic(product)), span_kwh=1_000.0, soc=soc, hz=hz)
    last = before.seconds(170)[-1]
    first = again(before).now()
    assert (first.nem, first.aem) == (last.nem, last.aem)
    assert before.total_kw(first) == pytest.approx(before.total_kw(last), abs=15.0)


def test_reserve_mode_and_what_was_announced_go_on() -> None:
    before = Told(contract_of(FCR), span_kwh=1_000.0, soc=0.2)
    announced = before.seconds(2)[-1].transactions
    before.seconds(300, hz=49.8, soc=0.05, alert=True)
    last = before.seconds(100)[-1]
    first = again(before).now()
    assert first.transactions == announced
    assert first.reserve_mode
    assert before.total_kw(first) == pytest.approx(before.total_kw(last), abs=15.0)


@settings(max_examples=40)
@given(
    st.sampled_from([FCR, nordic("fcr_n"), nordic("fcr_d_down")]),
    st.lists(
        st.tuples(
            st.integers(1, 60),
            st.floats(49.5, 50.5),
            st.floats(-0.05, 1.05),
            st.sampled_from([True, False, None]),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_what_is_held_comes_back_as_the_same_text(
    entry: ProductEnergy, story: list[tuple[int, float, float, bool | None]]
) -> None:
    one = Told(contract_of(entry))
    for count, hz, soc, alert in story:
        one.seconds(count, hz=hz, soc=soc, alert=alert)
    document = keep.to_document(one.memory)
    back = keep.to_document(keep.from_document(document, 0))
    exact = {key: value for key, value in document.items() if key != "moved_hz"}
    assert {key: value for key, value in back.items() if key != "moved_hz"} == exact
    assert back["moved_hz"] == pytest.approx(document["moved_hz"], abs=1e-12)


def test_counters_and_products_come_back_with_their_age() -> None:
    before = Told(contract_of(FCR), soc=0.2)
    before.seconds(5)
    text = told(memory_of(before.memory, before.contract))
    memory = restored(ResponseMemory(), text, 4.0, 100.5)
    assert (memory.alert.c1_s, memory.alert.c2_s) == (700.0, 20.0)
    assert memory.recalled["fcr_ce"].second == 96
    assert memory.recalled["fcr_ce"].recovery == before.memory.recovery


@pytest.mark.parametrize("age_s", [AGE_S_MAX + 0.1, -1.0, float("inf")])
def test_what_is_old_is_not_gone_on_with(age_s: float) -> None:
    text = told(memory_of(EnergyMemory(), contract_of(FCR)))
    assert restored(ResponseMemory(), text, age_s, 100.0) == ResponseMemory()


def test_a_control_that_serves_already_forgets_nothing_for_it() -> None:
    serving = memory_of(EnergyMemory(), contract_of(FCR))
    assert restored(serving, told(serving), 1.0, 100.0) is serving


def test_without_a_product_there_is_nothing_to_hold() -> None:
    assert told(ResponseMemory()) == ""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"c1_s":1,"c2_s":-1,"products":{}}', '{"products":{"a":1}}']
)
def test_a_text_of_another_version_is_left_alone(text: str) -> None:
    assert taken(Memory(), Recall(1.0, text), 50.0) == Memory()


def test_what_is_held_is_one_json_object() -> None:
    assert "products" in parse(told(memory_of(EnergyMemory(), contract_of(FCR))))


async def over_the_link(message: link.Message) -> link.Message:
    reader = asyncio.StreamReader()
    reader.feed_data(link.encode(message))
    reader.feed_eof()
    return await link.receive(reader)


@given(st.floats(0, 1e6), st.text(max_size=200))
def test_what_is_held_crosses_the_link_exactly(age_s: float, text: str) -> None:
    for message in (Recall(age_s, text), replace(messages.STATUS, recall=text)):
        assert asyncio.run(over_the_link(message)) == message
