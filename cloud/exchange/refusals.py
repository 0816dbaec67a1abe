"""Why an order may be turned away: every code, and the status that it is answered with. Pure."""

from cloud.kernel.errors import HubError

STATUS = {
    "MARKET_UNKNOWN": 422,
    "CONTRACT_UNKNOWN": 422,
    "QUANTITY_STEP": 422,
    "QUANTITY_MAX": 422,
    "PRICE_STEP": 422,
    "PRICE_RANGE": 422,
    "PRICE_MISSING": 422,
    "PRICE_FORBIDDEN": 422,
    "NO_REFERENCE_PRICE": 422,
    "NO_SITE": 422,
    "SITE_NEEDED": 422,
    "CONTRACT_NOT_OPEN": 409,
    "CONTRACT_CLOSED": 409,
    "ORDER_ENDED": 409,
    "ACTIVE_ORDERS": 403,
    "SITE_LIMIT": 403,
    "BRIDGE_NOT_CONFIGURED": 503,
    "DISK_FULL": 503,
    "BUSY": 503,
    "STOPPING": 503,
}


class OrderRefused(HubError):
    """An order or a withdrawal that changes nothing; its code is one of `STATUS`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS[code]
