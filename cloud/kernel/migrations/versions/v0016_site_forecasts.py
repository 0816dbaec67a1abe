"""Forecasts of sites: one row a site, the newest."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_forecast",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("as_of_us", sa.BigInteger, nullable=False),
        sa.Column("issued_us", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_site_forecast"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
