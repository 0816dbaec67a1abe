"""What a venue allows and for how long: settings with the defaults of this house. Pure."""

from dataclasses import dataclass

ANSWERS_PER_ACCOUNT_MAX = 10_000
"""Client order ids that are remembered; beyond it the oldest is forgotten."""
OWNERS_MAX = 100_000
"""Chains from account to user; beyond it an order of a new one is refused with OWNERS_MAX."""
FACES_MAX = 4_096
"""Owner objects that are known by sight; beyond it all are looked up once more."""
TRADES_KEPT_MAX = 200_000
"""Trades that can be recalled or cancelled; beyond it the oldest stands for good."""
CLOSED_KEPT_S = 8 * 86_400
"""Closed contracts are known this long: no trade can be moved later."""
HALTS_MAX = 10_000
"""Scopes that are halted at a time; beyond it a halt of another one is refused."""
CLIPS_MAX = 200
"""Peaks of an iceberg (M7: 999 MW by 5 MW); each is a trade that one message may make (ours)."""
SWEEP_ROUNDS_MAX = 100
"""Searches for the power of a block sweep; beyond it nothing of it trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Unconfirmed market practice, hence settings; none of them is read by a replay."""

    basket_orders_max: int = 100
    """Nord Pool, linked orders."""
    linked_same_product: bool = False
    """Whether the orders of a linked basket must be of one product (powerbot-client says so)."""
    recall_after_close_s: int = 0
    """How long after its gate closed a party may ask for a recall; at most `CLOSED_KEPT_S`."""
    cancel_after_close_s: int = 86_400
    """The same for a cancellation by operations."""
    decided_after_close_s: int = 7 * 86_400
    """How long what was asked for may be granted or rejected."""
