"""Why the venue turns something away: every code, and the status that it is answered with. Pure.

Codes are stable: clients branch on them. The sentence beside a code is for people. Codes that the
form of a request earns (`cloud.exchange.entry`, `cloud.exchange.matrix`) and those of the checks
(`cloud.exchange.checks`) stand here too, so that there is one table.
"""

from collections.abc import Mapping
from types import MappingProxyType

_INVALID, _FORBIDDEN, _UNKNOWN, _CONFLICT, _OFTEN, _AWAY = 422, 403, 404, 409, 429, 503

_CODES = {
    _INVALID: (
        "MARKET_UNKNOWN CONTRACT_UNKNOWN QUANTITY_STEP QUANTITY_MIN QUANTITY_MAX PRICE_STEP"
        " PRICE_RANGE PRICE_MISSING PRICE_FORBIDDEN NO_REFERENCE_PRICE NO_SITE SITE_NEEDED"
        " VALID_UNTIL DISPLAY PRICE_DELTA TEXT BLOCK_RANGE BASKET_SIZE BASKET_FORM BASKET_PRODUCT"
        " BASKET_REFUSED NOT_CHANGEABLE AUCTION_ONLY COMBINATION SCOPE TRADE_STATE POLICY"
        " TYPE_EXECUTION TYPE_VALIDITY TYPE_STATE EXECUTION_VALIDITY EXECUTION_STATE VALIDITY_STATE"
        " TYPE_UNKNOWN EXECUTION_UNKNOWN VALIDITY_UNKNOWN STATE_UNKNOWN NUMBER_RANGE"
    ),
    _FORBIDDEN: (
        "HALTED ACCOUNT_STOPPED ACTIVE_ORDERS SITE_LIMIT OWNERS_MAX NOT_A_PARTY SECOND_PERSON"
        " ACCOUNT_SUSPENDED REDUCE_ONLY PRICE_COLLAR QUANTITY_LIMIT ACTIVE_ORDERS_CONTRACT"
        " POSITION_LIMIT POSITION_OPEN CASH_LIMIT SITE_EMPTY SITE_FULL SITE_UNKNOWN SITE_STALE"
        " SITE_HORIZON RISK_LIMIT CREDIT_LIMIT MEMBER_ORDERS MEMBER_POSITION MEMBER_CASH"
    ),
    _UNKNOWN: "ORDER_UNKNOWN TRADE_UNKNOWN",
    _CONFLICT: (
        "CONTRACT_NOT_OPEN CONTRACT_CLOSED ORDER_ENDED ORDER_STATE STALE_REVISION TOO_LATE"
        " CLIENT_ORDER_ID_USED POLICY_VERSION BASKET_UNFILLED AUCTION_CLOSED AUCTION_FULL"
        " CLIENT_ORDER_ID_REUSED"
    ),
    _OFTEN: "THROTTLED ORDER_COUNT ACTION_QUOTA ORDER_TO_TRADE",
    _AWAY: "BRIDGE_NOT_CONFIGURED DISK_FULL BUSY STOPPING",
}
STATUS: Mapping[str, int] = MappingProxyType(
    {code: status for status, codes in _CODES.items() for code in codes.split()}
)
"""HTTP status of each code."""
_ANY_OTHER = 422
"""Pairs of codes that do not go together are named after the pair, such as TYPE_EXECUTION."""


def status_of(code: str) -> int:
    """Return the HTTP status that a refusal is answered with."""
    return STATUS.get(code, _ANY_OTHER)
