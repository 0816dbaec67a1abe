"""What the products did in a cycle, in words: for the reasons of a decision, and as news. Pure."""

from collections.abc import Iterator

from agent.control.response.answer import Answer
from agent.status import Reason

CLASS = 1


def response(answer: Answer, wanted_kw: float) -> Iterator[Reason]:
    """Yield why the setpoint leaves the base; `wanted_kw` is what both ask for together."""
    armed = [product for product in answer.products if product.armed]
    if not armed:
        return
    names = " and ".join(product.product for product in armed)
    frequency = answer.frequency
    if frequency.injected and frequency.share:
        text = f"{answer.response_kw:+.1f} kW for {names}: a test says {frequency.applied_hz:g} Hz"
        yield Reason("RESPONSE", text, wanted_kw, names, CLASS, answer.response_kw)
    elif frequency.believed:
        text = f"{answer.response_kw:+.1f} kW for {names}"
        yield Reason("RESPONSE", text, wanted_kw, names, CLASS, answer.response_kw)
    else:
        text = f"the frequency cannot be trusted: the response of {names} is held, then let out"
        if frequency.code == "I7":
            text = f"{frequency.text}: no response of {names}"
        yield Reason(frequency.code, text, wanted_kw, names, CLASS)
    if answer.management_kw:
        text = f"{answer.management_kw:+.1f} kW to keep the energy of {names}"
        yield Reason("MANAGEMENT", text, wanted_kw, names, CLASS, answer.management_kw)


def refused(answer: Answer) -> Iterator[Reason]:
    """Yield why a product is not armed, or not available as it was sold."""
    for product in answer.products:
        how = "is armed, but not available as sold" if product.armed else "is not armed"
        for refusal in product.refusals:
            if product.armed and refusal.code in ("I7", "I8"):
                continue  # said with the response
            text = f"{product.product} {how}: {refusal.text}"
            yield Reason(refusal.code, text, 0.0, product.product, CLASS)
