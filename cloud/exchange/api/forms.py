"""What is posted to version 1: orders, baskets, changes. Form alone; chances are the writer's."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.exchange.read.tables import CLIENT_ORDER_ID_MAX
from cloud.kernel import instants
from cloud.kernel.figures import Plain
from cloud.kernel.keys import IDENTIFIER

BULK_MAX = 500
"""Orders of one request."""
ID_MAX = 2**62
TEXT_MAX = 250
_AT = "2026-11-21T12:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
_EUR_MAX = 1_000_000
_KW_MAX = 100_000_000
_MWH_MAX = 1_000_000


Instant = instants.Instant
MarketCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$", examples=[_MARKET])]
Price = Annotated[Decimal, Plain, Field(ge=-_EUR_MAX, le=_EUR_MAX, decimal_places=9)]
Energy = Annotated[Decimal, Plain, Field(gt=0, le=_MWH_MAX, decimal_places=9)]
Kilowatts = Annotated[int, Plain, Field(ge=1, le=_KW_MAX)]
Name = Annotated[str, Field(pattern=IDENTIFIER)]
ClientOrderId = Annotated[
    str, Field(min_length=1, max_length=CLIENT_ORDER_ID_MAX, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""Without control characters: PostgreSQL keeps no NUL, and the journal cannot take it back."""
Text = Annotated[str, Field(max_length=TEXT_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="why; it is audited",
        examples=["wrong price entered"],
    ),
]
Revision = Annotated[int, Plain, Field(ge=1, le=ID_MAX)]


class Form(BaseModel):
    """Unknown fields are refused: what is misspelt must not be passed over."""

    model_config = ConfigDict(extra="forbid")


class EntryBody(Form):
    """An order. The quantity is always positive; the side says the rest."""

    market: MarketCode
    delivery_start: Instant = Field(examples=[_AT])
    delivery_end: Instant | None = Field(
        default=None,
        description="default: the end of the one contract; a later one makes it a block (type B)",
        examples=["2026-11-21T12:30:00Z"],
    )
    side: Literal["BUY", "SELL"] = Field(examples=["SELL"])
    quantity_mwh: Energy | None = Field(
        default=None,
        description="energy over the whole of the delivery; this or power_kw",
        examples=[0.0075],
    )
    power_kw: Kilowatts | None = Field(default=None, examples=[None])
    limit_price_eur_mwh: Price | None = Field(
        default=None,
        description="without one it is a market order, which is for type O with IOC or FOK",
        examples=[85.5],
    )
    type: str | None = Field(
        default=None,
        max_length=10,
        description="O limit, B block, I iceberg; default: B for a range, else O",
        examples=["O"],
    )
    execution: str | None = Field(
        default=None,
        max_length=10,
        description="NON rests, FOK fill or kill, IOC immediate or cancel, AON all or none;"
        " default: NON, for a block AON, for a market order IOC",
        examples=["NON"],
    )
    validity: str | None = Field(
        default=None,
        max_length=10,
        description="GFS, GTD, NON; default: what suits the execution",
        examples=["GFS"],
    )
    valid_until: Instant | None = Field(default=None, description="with GTD, and only then")
    display_kw: Kilowatts | None = Field(default=None, description="the peak of an iceberg")
    peak_price_delta_eur_mwh: Price | None = Field(
        default=None, description="by what each next peak is worse: buy 0 or less, sell 0 or more"
    )
    state: str = Field(
        default="ACTI", max_length=10, description="ACTI; HIBE: kept, not yet in the book"
    )
    site: Name | None = Field(
        default=None,
        description="which battery delivers; default: the account's only one",
        examples=["werk-sued"],
    )
    portfolio: Name | None = Field(default=None, description="yours; shown with order and trades")
    strategy: Name | None = Field(default=None, description="which algorithm it is from")
    client_order_id: ClientOrderId | None = Field(
        default=None,
        description="yours: repeating it gets the first answer again and changes nothing",
    )
    text: Text = Field(default="", description="returned with the order, never read")

    @model_validator(mode="after")
    def _one_quantity(self) -> "EntryBody":
        if (self.quantity_mwh is None) == (self.power_kw is None):
            raise ValueError("quantity: one of quantity_mwh and power_kw is expected")
        return self


class BasketBody(Form):
    """Several orders in one request."""

    orders: list[EntryBody] = Field(
        min_length=1, max_length=BULK_MAX, description="answered in this order"
    )
    linking: Literal["NONE", "VALID", "LNKD"] = Field(
        default="NONE",
        description="NONE: each for itself; VALID: all are taken or none; LNKD: all fill completely"
        " or none does (FOK only, at most 100)",
    )


class ChangeBody(Form):
    """What an order shall be; what is left out stays as it is."""

    revision: Revision = Field(description="the order's own: who has an older one is refused")
    limit_price_eur_mwh: Price | None = Field(default=None, examples=[86.0])
    quantity_mwh: Energy | None = Field(
        default=None, description="of the whole order, with what has traded; or power_kw"
    )
    power_kw: Kilowatts | None = Field(default=None, examples=[20])
    display_kw: Kilowatts | None = Field(default=None, description="the peak of an iceberg")
    peak_price_delta_eur_mwh: Price | None = Field(default=None, description="of an iceberg")
    valid_until: Instant | None = Field(default=None, description="makes it good till date")
    text: Text | None = Field(default=None, description="returned with the order")
    client_order_id: ClientOrderId | None = Field(
        default=None, description="of this change: repeating it changes nothing"
    )

    @model_validator(mode="after")
    def _something(self) -> "ChangeBody":
        if self.quantity_mwh is not None and self.power_kw is not None:
            raise ValueError("quantity: one of quantity_mwh and power_kw is expected")
        if not self.model_fields_set - {"revision", "client_order_id"}:
            raise ValueError("something to change is expected")
        return self


class SwitchBody(Form):
    """Hibernate or activate an order."""

    revision: Revision | None = Field(
        default=None, description="the order's own; activation needs it"
    )


class ReasonBody(Form):
    """Why operations, or a party of a trade, do something; it is audited."""

    reason: Reason
