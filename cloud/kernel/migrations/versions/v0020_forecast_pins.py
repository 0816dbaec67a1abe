"""Forecasts: members that a person pinned; scores of the similar day and of members at rest."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forecast_score", sa.Column("similar_mae", sa.Float))
    op.add_column("forecast_score", sa.Column("models_mae", sa.Float))
    op.create_table(
        "forecast_pin",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("members", sa.String(20), nullable=False),
        sa.Column("without", sa.String(80), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("area", "since_us", name="pk_forecast_pin"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
