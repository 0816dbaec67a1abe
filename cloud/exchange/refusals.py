"""A refusal as the hub answers it; the codes stand in `cloud.exchange.venue.refusals`."""

from cloud.exchange.venue.refusals import status_of
from cloud.kernel.errors import HubError

RETRY_AFTER_S = "1"
_TOO_OFTEN = 429


class OrderRefused(HubError):
    """Something that was asked of the exchange and that changes nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status_of(code)
        if self.status == _TOO_OFTEN:
            self.headers["Retry-After"] = RETRY_AFTER_S
