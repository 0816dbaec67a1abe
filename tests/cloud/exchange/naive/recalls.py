"""Recall and cancellation of trades: the table of the rule book (domain/exchange.md §4.7)."""

from dataclasses import dataclass, field

from cloud.exchange.matching.codes import TradeState
from cloud.exchange.venue.commands import MoveTrade

NEXT = {
    "ACTI": "RREQ CREQ",
    "RREQ": "RGRA RREJ RSFA",
    "RSFA": "RGRA RREJ",
    "RGRA": "",
    "RREJ": "RREQ CREQ",
    "CREQ": "CNCL CREJ",
    "CNCL": "",
    "CREJ": "RREQ CREQ",
}
VOID = ("RGRA", "CNCL")


@dataclass
class NaiveRecalls:
    """What was done with trades; those of which nothing is said are in force."""

    states: dict[int, tuple[str, str]] = field(default_factory=dict)
    """State, and who brought it about."""

    def move(self, command: MoveTrade, parties: set[str] | None, closed: bool) -> str:
        """Return the code of a refusal, '' where the step was taken.

        Args:
            parties: accounts of both sides; None: there is no such trade.
            closed: the gate of its contract is closed.
        """
        if parties is None:
            return "TRADE_UNKNOWN"
        state, by = self.states.get(command.trade_id, ("ACTI", ""))
        to = command.to.value
        if to not in NEXT[state].split():
            return "TRADE_STATE"
        asked_by_party = command.to is TradeState.RECALL_ASKED
        if asked_by_party and command.account not in parties:
            return "NOT_A_PARTY"
        if not asked_by_party and command.account:
            return "NOT_A_PARTY"
        if command.to is TradeState.CANCELLED and command.by == by:
            return "SECOND_PERSON"
        if asked_by_party and closed:
            return "TOO_LATE"
        self.states[command.trade_id] = to, command.by
        return ""

    def void(self, trade_id: int) -> bool:
        return self.states.get(trade_id, ("ACTI", ""))[0] in VOID
