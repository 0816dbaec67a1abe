"""Forecasts: how good the runs of the next hours were, by delivery day."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_intraday_score",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("forecast", sa.String(24), nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("mae", sa.Float, nullable=False),
        sa.Column("last_mae", sa.Float, nullable=False),
        sa.Column("banded", sa.Integer, nullable=False),
        sa.Column("pinball", sa.Float, nullable=True),
        sa.Column("inside80", sa.Integer, nullable=True),
        sa.Column("heard", sa.Integer, nullable=False),
        sa.Column("heard_mae", sa.Float, nullable=True),
        sa.Column("heard_last_mae", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("area", "day", name="pk_forecast_intraday_score"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
