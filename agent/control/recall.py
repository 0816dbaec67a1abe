"""What a control that is started again inside a contract goes on with, as text and back. Pure.

The gateway holds the text without understanding it and hands it to the next control, with its age.
What is older than `AGE_S_MAX` is not gone on with: counters and energy management begin anew, and
the arming gate is passed anew in any case.
"""

from dataclasses import replace
from math import floor

from agent.control.decision import Memory
from agent.control.energy import keep
from agent.control.response.alert import Alert
from agent.control.response.answer import ResponseMemory
from agent.recall import Recall
from wire import fields
from wire.fields import BadMessage

AGE_S_MAX = 10.0
PRODUCTS_MAX = 20
_COUNTED_S_MAX = 1e9


def told(memory: ResponseMemory) -> str:
    """Return what to hold; empty: no product is in force."""
    if not memory.products:
        return ""
    products = {key: keep.to_document(one.energy) for key, one in memory.products.items()}
    alert = memory.alert
    return fields.compact({"c1_s": alert.c1_s, "c2_s": alert.c2_s, "products": products})


def taken(memory: Memory, recall: Recall, now_s: float) -> Memory:
    """Return the memory of the decisions with what was held; what is not understood is left."""
    try:
        response = restored(memory.response, recall.text, recall.age_s, now_s)
    except BadMessage:
        return memory
    return replace(memory, response=response)


def restored(memory: ResponseMemory, text: str, age_s: float, now_s: float) -> ResponseMemory:
    """Return the memory of a new control with what the one before it held.

    Args:
        memory: of this control.
        text: from `told`.
        age_s: how old it is.
        now_s: the event loop's time.

    Raises:
        BadMessage: the text is not of this version.
    """
    if not text or not 0.0 <= age_s <= AGE_S_MAX or memory.products or memory.recalled:
        return memory
    document = fields.parse(text, "recall")
    known = fields.as_document(document.get("products"), "recall.products")
    second = floor(now_s - age_s)
    recalled = {
        key: keep.from_document(fields.as_document(one, f"recall.{key}"), second, f"recall.{key}")
        for key, one in list(known.items())[:PRODUCTS_MAX]
    }
    alert = Alert(
        c1_s=fields.number(document, "c1_s", "recall", low=0.0, high=_COUNTED_S_MAX),
        c2_s=fields.number(document, "c2_s", "recall", low=0.0, high=_COUNTED_S_MAX),
        alert=memory.alert.alert,
    )
    return replace(memory, alert=alert, recalled=recalled)
