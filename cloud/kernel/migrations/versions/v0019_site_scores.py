"""Forecasts of sites: what their eves said, and how good they were."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_eve",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("issued_us", sa.BigInteger, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", "day", name="pk_site_eve"),
    )
    op.create_table(
        "site_score",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("quality", sa.String(20), nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("mae_kw", sa.Float, nullable=False),
        sa.Column("naive_mae_kw", sa.Float, nullable=True),
        sa.Column("coverage80", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("site", "day", "kind", name="pk_site_score"),
    )
    op.create_index("ix_site_score_day", "site_score", ["day"])


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
