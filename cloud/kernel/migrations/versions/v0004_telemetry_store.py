"""Chunks in partitions, roll-ups, newest values a row a device, leases for nightly work."""

import struct
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(40)
_EPOCH = sa.String(64)
_DEVICE = sa.String(500)
_KEY = ("gateway", "epoch", "seq")
_KEPT = (
    *("kind", "t0_us", "t1_us", "site", "device", "boot", "first_seq", "n"),
    *("payload", "received_us"),
)
_PARTITIONS = (
    ("settlement", "FOR VALUES FROM (0, MINVALUE) TO (1, MINVALUE)"),
    ("events", "FOR VALUES FROM (1, MINVALUE) TO (2, MINVALUE)"),
    ("default", "DEFAULT"),
)


def upgrade() -> None:
    _rollups()
    _ahead()
    _chunks()
    _newest()
    op.create_table(
        "lease",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _rollups() -> None:
    op.create_table(
        "series",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("site", _NAME, nullable=False),
        sa.Column("device", _DEVICE, nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("site", "device", "point", name="uq_series_site_device_point"),
    )
    for name in ("rollup_1m", "rollup_15m"):
        op.create_table(
            name,
            sa.Column("series", sa.BigInteger, nullable=False, autoincrement=False),
            sa.Column("start_us", sa.BigInteger, nullable=False, autoincrement=False),
            sa.Column("n", sa.Integer, nullable=False),
            sa.Column("good", sa.Integer, nullable=False),
            sa.Column("total", sa.Float, nullable=False),
            sa.Column("low", sa.Float),
            sa.Column("high", sa.Float),
            sa.Column("last", sa.Float),
            sa.Column("last_us", sa.BigInteger, nullable=False),
            sa.Column("quality", sa.SmallInteger, nullable=False),
            sa.PrimaryKeyConstraint("series", "start_us", name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )


def _ahead() -> None:
    """A line that waits for a number knows what it has beyond it."""
    op.create_table("ahead", *_frame(), sa.PrimaryKeyConstraint(*_KEY, name="pk_ahead"))
    for stored in (_table("chunk"), _table("quarantine")):
        line = _table("line", "acked")
        same = sa.and_(line.c.gateway == stored.c.gateway, line.c.epoch == stored.c.epoch)
        waiting = (
            sa.select(stored.c.gateway, stored.c.epoch, stored.c.seq)
            .join_from(stored, line, same)
            .where(stored.c.seq > line.c.acked)
        )
        op.execute(_table("ahead").insert().from_select(list(_KEY), waiting))


def _chunks() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.drop_index("ix_chunk_site_t0_us_t1_us", "chunk")
    op.rename_table("chunk", "old_chunk")
    if postgres:
        op.execute("ALTER INDEX pk_chunk RENAME TO pk_old_chunk")
    op.create_table(
        "chunk",
        *_frame(),
        sa.Column("kind", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("t0_us", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("t1_us", sa.BigInteger, nullable=False),
        sa.Column("site", _NAME, nullable=False),
        sa.Column("device", _DEVICE, nullable=False),
        sa.Column("boot", _DEVICE, nullable=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("step_us", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "kind", "t0_us", name="pk_chunk"),
        postgresql_partition_by="RANGE (kind, t0_us)",
    )
    op.create_index("ix_chunk_site_t0_us_t1_us", "chunk", ["site", "t0_us", "t1_us"])
    long = sa.text("step_us > 0")
    op.create_index(
        "ix_chunk_thinned",
        "chunk",
        ["site", "t1_us"],
        sqlite_where=long,
        postgresql_where=long,
    )
    if postgres:
        for name, bounds in _PARTITIONS:
            op.execute(f"CREATE TABLE chunk_{name} PARTITION OF chunk {bounds}")
    kept = _table("old_chunk", *_KEPT)
    rows = sa.select(*(kept.c[name] for name in (*_KEY, *_KEPT)), sa.literal(0), sa.literal(0))
    names = [*_KEPT, "points", "step_us"]
    op.execute(_table("chunk", *names).insert().from_select([*_KEY, *names], rows))
    op.drop_table("old_chunk")
    op.create_table(
        "unrolled",
        *_frame(),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("t0_us", sa.BigInteger, nullable=False),
        sa.Column("t1_us", sa.BigInteger, nullable=False),
        sa.Column("site", _NAME, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_unrolled"),
    )
    op.create_index("ix_unrolled_site", "unrolled", ["site"])
    op.create_index("ix_unrolled_received_us", "unrolled", ["received_us"])
    op.execute(
        "INSERT INTO unrolled (gateway, epoch, seq, kind, t0_us, t1_us, site, received_us)"
        " SELECT gateway, epoch, seq, kind, t0_us, t1_us, site, received_us FROM chunk"
        " WHERE kind <> 1"
    )


def _table(name: str, *more: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in (*_KEY, *more)))


def _newest() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT * FROM newest ORDER BY site, device, point")
    ).mappings()
    packed = [_device(key, list(group)) for key, group in groupby(rows, _device_of)]
    op.drop_table("newest")
    table = op.create_table(
        "newest",
        sa.Column("site", _NAME, nullable=False),
        sa.Column("device", _DEVICE, nullable=False),
        sa.Column("epoch", _EPOCH, nullable=False),
        sa.Column("names", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", "device", name="pk_newest"),
    )
    if packed:
        op.bulk_insert(table, packed)


def _device_of(row: Any) -> tuple[str, str]:
    return row["site"], row["device"]


def _device(key: tuple[str, str], rows: list[Any]) -> dict[str, Any]:
    """Return the row of a device: its names, then value, time, sampled, number, quality by column.

    Of several epochs the first is kept; the numbers of the others count as older.
    """
    epoch = rows[0]["epoch"]
    values = [float("nan") if row["value"] is None else row["value"] for row in rows]
    numbers = [row["seq"] if row["epoch"] == epoch else -1 for row in rows]
    count = len(rows)
    payload = b"".join(
        (
            struct.pack(f"<{count}d", *values),
            struct.pack(f"<{count}q", *(row["at_us"] for row in rows)),
            struct.pack(f"<{count}q", *(row["sampled_us"] for row in rows)),
            struct.pack(f"<{count}q", *numbers),
            struct.pack(f"<{count}B", *(row["quality"] for row in rows)),
        )
    )
    names = ",".join(row["point"] for row in rows).encode("ascii")
    return {
        "site": key[0],
        "device": key[1],
        "epoch": epoch,
        "names": b"\0" + names,
        "payload": b"\0" + payload,
    }


def _frame() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("gateway", _NAME, nullable=False),
        sa.Column("epoch", _EPOCH, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
    )
