"""agent.control.response.news: what happens to products is told once, and seldom again."""

from agent.control.response.news import NewsMemory, news
from agent.control.response.product import Frequency, ProductState, Refusal

MEASURED = Frequency(hz=49.9, believed=True, share=1.0, applied_hz=49.9)
INJECTED = Frequency(hz=50.0, believed=True, share=1.0, applied_hz=49.8, injected=True)
SHORT = Refusal("ARM_POWER", "125 kW are needed")


def _state(*refusals: Refusal, armed: bool = True, alert: bool | None = False) -> ProductState:
    return ProductState(
        product="fcr_ce", capacity_kw=100.0, armed=armed, refusals=refusals, alert=alert
    )


class Teller:
    def __init__(self) -> None:
        self.memory = NewsMemory()

    def tell(
        self, at_s: float, *products: ProductState, frequency: Frequency = MEASURED
    ) -> list[str]:
        told, self.memory = news(frequency, products, at_s, self.memory)
        return [code for code, _, _, _ in told]


def test_a_product_is_told_when_it_arms_and_when_it_ends() -> None:
    teller = Teller()
    assert teller.tell(0.0) == []
    assert teller.tell(1.0, _state()) == ["PRODUCT_ARMED"]
    assert teller.tell(2.0, _state()) == []
    assert teller.tell(3.0) == ["PRODUCT_ENDED"]
    assert teller.tell(4.0) == []


def test_a_product_that_is_refused_is_told_with_every_reason() -> None:
    told, _ = news(MEASURED, [_state(SHORT, armed=False)], 1.0, NewsMemory())
    assert told == (("PRODUCT_REFUSED", told[0][1], "fcr_ce", "ARM_POWER: 125 kW are needed"),)


def test_what_comes_and_goes_is_told_once_a_minute() -> None:
    teller, told = Teller(), []
    for second in range(300):
        state = _state(*([SHORT] if second % 4 < 2 else []))
        told += teller.tell(float(second), state)
    assert told[0] == "PRODUCT_ARMED"
    assert 1 <= len(told) - 1 <= 5


def test_availability_is_told_both_ways() -> None:
    teller = Teller()
    teller.tell(0.0, _state())
    assert teller.tell(100.0, _state(SHORT)) == ["PRODUCT_UNAVAILABLE"]
    assert teller.tell(200.0, _state()) == ["PRODUCT_AVAILABLE"]


def test_alert_and_tests_are_told_at_both_ends() -> None:
    teller = Teller()
    teller.tell(0.0, _state())
    assert teller.tell(1.0, _state(alert=True)) == ["ALERT_BEGAN"]
    assert teller.tell(2.0, _state(alert=None), frequency=INJECTED) == ["ALERT_ENDED", "TEST_BEGAN"]
    assert teller.tell(3.0, _state()) == ["TEST_ENDED"]
