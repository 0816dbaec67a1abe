"""The tables of the forecasts of sites: the newest, what eves said, and how good that was."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from cloud.kernel.database import metadata

site_forecast_table = Table(
    "site_forecast",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("as_of_us", BigInteger, nullable=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""document: the JSON of the answer, deflated; some 6 kB."""

site_eve_table = Table(
    "site_eve",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("issued_us", BigInteger, nullable=False),
    Column("told", LargeBinary, nullable=False),
)
"""What was said of a day before it began, until it is scored; some 2 kB, two rows a site at most.
told: see `scores`, deflated."""

site_score_table = Table(
    "site_score",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("quality", String(20), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("mae_kw", Float, nullable=False),
    Column("naive_mae_kw", Float),
    Column("coverage80", Float),
    Index("ix_site_score_day", "day"),
)
"""How good it was; powers in kW, coverage 0 to 1."""
