"""The words of an order: type, execution, validity, state, action. Pure.

The codes are those that M7-type venues use on their interfaces (``domain/exchange.md`` §3), so
that the bridge to one of them translates nothing.
"""

from enum import Enum, IntEnum


class Side(IntEnum):
    """What the owner of the order wants; no sign is ever read from it."""

    BUY = 0
    SELL = 1


class Kind(Enum):
    """What sort of order it is."""

    LIMIT = "O"
    BLOCK = "B"
    """User-defined: the same power in each contract of a range."""
    ICEBERG = "I"
    """Only a part of it, the peak, is shown at a time."""


class Execution(Enum):
    """What becomes of the part of an incoming order that does not trade at once."""

    NON = "NON"
    """It rests."""
    FOK = "FOK"
    """Fill or kill: the whole order trades at once, or nothing of it does."""
    IOC = "IOC"
    """Immediate or cancel: what does not trade at once leaves."""
    AON = "AON"
    """All or none: it rests until the whole of it can trade at once."""


class Validity(Enum):
    """How long an order may rest."""

    GFS = "GFS"
    """Good for session: until the gate closes."""
    GTD = "GTD"
    """Good till date: until its own instant, at the latest until the gate closes."""
    NON = "NON"
    """It never rests (FOK and IOC)."""


class State(Enum):
    """Where an order is."""

    ACTIVE = "ACTI"
    HIBERNATED = "HIBE"
    """Kept, and not in the book."""
    INACTIVE = "IACT"
    """Final: filled, deleted, expired or refused."""


class Action(Enum):
    """What was done to an order, and by whom: U the owner, A an administrator, S the system."""

    ADDED = "UADD"
    ADDED_BY_ADMIN = "AADD"
    ADDED_BY_SYSTEM = "SADD"
    HIBERNATED = "UHIB"
    HIBERNATED_BY_ADMIN = "AHIB"
    HIBERNATED_BY_SYSTEM = "SHIB"
    MODIFIED = "UMOD"
    MODIFIED_BY_ADMIN = "AMOD"
    MODIFIED_BY_SYSTEM = "SMOD"
    DELETED = "UDEL"
    DELETED_BY_ADMIN = "ADEL"
    DELETED_BY_SYSTEM = "SDEL"
    REFUSED = "UREJ"
    REFUSED_TO_ADMIN = "AREJ"
    REFUSED_BY_SYSTEM = "SREJ"
    PARTLY_EXECUTED = "PEXE"
    EXECUTED = "FEXE"
    CLIP_ADDED = "IADD"


class Ending(Enum):
    """Why an order is no longer in the venue."""

    FILLED = "FILLED"
    KILLED = "KILLED"
    """The rest of an IOC, or a FOK that could not trade as a whole."""
    SELF_TRADE = "SELF_TRADE"
    """It would have met an order of its own owner; what had traded before stands."""
    CANCELLED = "CANCELLED"
    """Taken back by its owner, or by an administrator."""
    REPLACED = "REPLACED"
    """Changed so that its place was lost: a new order stands for it."""
    EXPIRED = "EXPIRED"
    """The gate closed, or its own date came."""


class SelfTrade(Enum):
    """What an account wants to happen when it would trade with itself (§4.5)."""

    ALLOW = "allow"
    """The trade takes place, is flagged, and counts in no index."""
    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    DECREMENT_BOTH = "decrement_both"


class TradeState(Enum):
    """Whether a trade is in force (§4.7); RECALLED and CANCELLED are final and make it void."""

    ACTIVE = "ACTI"
    RECALL_ASKED = "RREQ"
    RECALL_WAITS = "RSFA"
    RECALLED = "RGRA"
    RECALL_REFUSED = "RREJ"
    CANCEL_ASKED = "CREQ"
    CANCELLED = "CNCL"
    CANCEL_REFUSED = "CREJ"


class Linking(Enum):
    """What the orders of one basket have to do with each other."""

    NONE = "NONE"
    VALID = "VALID"
    """If one is refused, all are."""
    LINKED = "LNKD"
    """All fill completely, or none does."""
