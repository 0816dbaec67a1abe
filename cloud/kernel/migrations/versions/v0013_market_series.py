"""Series of the markets and what their sources said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "market_series",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("resolution_s", sa.Integer, nullable=False),
        sa.Column("detail", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_market_series"),
        sa.UniqueConstraint(
            "source",
            "kind",
            "area",
            "resolution_s",
            "detail",
            name="uq_market_series_source_kind_area_resolution_s_detail",
        ),
    )
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "market_statement",
        sa.Column("id", big, nullable=False, autoincrement=True),
        sa.Column("series_id", sa.Integer, nullable=False),
        sa.Column("first_us", sa.BigInteger, nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("known_us", sa.BigInteger, nullable=False),
        sa.Column("assumed", sa.Boolean, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("quality", sa.String(12), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("licence", sa.String(400), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("chunk", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_market_statement"),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["market_series.id"],
            name="fk_market_statement_series_id_market_series",
        ),
        sa.UniqueConstraint(
            "series_id", "first_us", "digest", name="uq_market_statement_series_id_first_us_digest"
        ),
    )
    op.create_index(
        "ix_market_statement_quality_received_us", "market_statement", ["quality", "received_us"]
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
