"""Who may reset and test what: the technician's page, and with less reach the hub's operator."""

from dataclasses import asdict, dataclass
from typing import Any

from agent.gateway.executor import ActFailed, ActRefused
from agent.gateway.latchbook import ON_SITE_ONLY, Latchbook, NoSuchLatch, StillThere
from agent.gateway.lease import Lease
from agent.gateway.selftest import SelfTest
from agent.web.app import NotNow
from agent.web.resets import Desk, Refused
from wire.order import ResetOrder

HUB = "an operator at the hub"


@dataclass(slots=True)
class Reset:
    """Resets what a command names; what is for somebody on site only is not begun."""

    book: Latchbook

    async def memo(self) -> str:
        return ""

    async def begin(self, lease: Lease) -> str:
        assert lease.command is not None, "a command without content is never begun"
        order = lease.command.order
        assert isinstance(order, ResetOrder), "acts are chosen by their kind"
        if order.code in ON_SITE_ONLY:
            raise ActRefused(f"{order.code} is reset on site, from the technician's page")
        try:
            await self.book.reset(order.code, HUB, order.reason)
        except NoSuchLatch:
            raise ActRefused(f"nothing of {order.code} waits for a reset") from None
        except StillThere:
            raise ActFailed(f"{order.code} has latched again: its cause is still there") from None
        except NotNow as error:
            raise ActFailed(str(error)) from error
        return f"{order.code} is reset"

    async def resume(self, lease: Lease) -> str:
        raise ActFailed("interrupted; whether it was reset shows on the page")


def desk(book: Latchbook, test: SelfTest) -> Desk:
    """Return what the page's routes ask."""

    def shown() -> list[dict[str, str]]:
        return [asdict(latch) for latch in book.kept.latches]

    async def reset(code: str, who: str, reason: str) -> None:
        try:
            await book.reset(code, who, reason)
        except NoSuchLatch as error:
            raise Refused(404, "NO_SUCH_LATCH", f"nothing of {code:.40} waits") from error
        except StillThere as error:
            text = f"{code:.40} has latched again: its cause is still there"
            raise Refused(409, "STILL_LATCHED", text) from error
        except NotNow as error:
            raise Refused(503, "NOT_NOW", str(error)) from error

    async def tested(who: str) -> dict[str, Any]:
        try:
            outcome = await test.run(who)
        except NotNow as error:
            raise Refused(503, "NOT_NOW", str(error)) from error
        return {
            "passed": outcome.verdict.passed,
            "text": outcome.verdict.text,
            "fingerprints": list(outcome.fingerprints),
            "pulses": [asdict(pulse) for pulse in outcome.pulses],
        }

    return Desk(shown, reset, tested)
