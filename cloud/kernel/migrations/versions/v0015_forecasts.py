"""Forecasts: jobs, what they made, what members said, scores, models and alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_job",
        sa.Column("id", sa.String(24), nullable=False),
        *_request(),
        sa.Column("as_of_us", sa.BigInteger, nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(16), nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_job"),
    )
    op.create_index("ix_forecast_job_state_created_us", "forecast_job", ["state", "created_us"])
    op.create_index(
        "ix_forecast_job_area_kind_created_us", "forecast_job", ["area", "kind", "created_us"]
    )
    op.create_table(
        "forecast",
        sa.Column("id", sa.String(24), nullable=False),
        *_request(),
        sa.Column("issued_us", sa.BigInteger, nullable=False),
        sa.Column("as_of_us", sa.BigInteger, nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("quality", sa.String(20), nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("series", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast"),
    )
    op.create_index("ix_forecast_area_kind_issued_us", "forecast", ["area", "kind", "issued_us"])
    op.create_table(
        "forecast_told",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("members", sa.String(80), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("area", "members", "day", name="pk_forecast_told"),
    )
    _watched()


def _request() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("granularity_min", sa.Integer, nullable=False),
        sa.Column("features", sa.String(200), nullable=False),
    ]


def _watched() -> None:
    op.create_table(
        "forecast_score",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("forecast", sa.String(24), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("quality", sa.String(20), nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("mae", sa.Float, nullable=False),
        sa.Column("naive_mae", sa.Float),
        sa.Column("bias", sa.Float, nullable=False),
        sa.Column("pinball", sa.Float),
        sa.Column("inside80", sa.Integer),
        sa.Column("inside90", sa.Integer),
        sa.PrimaryKeyConstraint("area", "day", name="pk_forecast_score"),
    )
    op.create_table(
        "forecast_model",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("inputs", sa.String(80), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("trained_from", sa.Date, nullable=False),
        sa.Column("trained_to", sa.Date, nullable=False),
        sa.Column("registered_us", sa.BigInteger, nullable=False),
        sa.Column("weights", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("area", "model", "inputs", "day", name="pk_forecast_model"),
    )
    op.create_table(
        "forecast_alarm",
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("forecast", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("area", "code", "since_us", name="pk_forecast_alarm"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
