"""Forecasts: their scenarios, beside them, for most who read a forecast want none."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_scenarios",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("scenarios", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_scenarios"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
