"""The read model of the exchange's first journal goes: what it held is made again from the journal.

Positions stay as a table; the exchange clears and fills it when it first reads its new journal.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("exchange_trade", "exchange_order", "exchange_cursor"):
        op.drop_table(table)


def downgrade() -> None:
    """The journal of before is read by the program of before: a backup is the way back."""
