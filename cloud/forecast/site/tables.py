"""The table of the forecasts of sites: one row a site, the newest."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

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
