"""Forecasts: jobs, what they made, what members said, how good it was."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from cloud.kernel.database import metadata

job_table = Table(
    "forecast_job",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("area", String(20), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("granularity_min", Integer, nullable=False),
    Column("features", String(200), nullable=False),
    Column("as_of_us", BigInteger, nullable=False),
    Column("model", String(40), nullable=False),
    Column("state", String(8), nullable=False),
    Column("progress", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("holder", String(16), nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("reason", String(400), nullable=False),
    Index(None, "state", "created_us"),
    Index(None, "area", "kind", "created_us"),
)
"""features: names with commas. holder, until_us: the lease of who computes it."""

forecast_table = Table(
    "forecast",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("area", String(20), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("granularity_min", Integer, nullable=False),
    Column("features", String(200), nullable=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("as_of_us", BigInteger, nullable=False),
    Column("model", String(40), nullable=False),
    Column("quality", String(20), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("head", Text, nullable=False),
    Column("series", LargeBinary, nullable=False),
    Index(None, "area", "kind", "issued_us"),
)
"""head: JSON of flags, ages, weights, seed. series: the JSON of the rows, deflated."""

scenario_table = Table(
    "forecast_scenarios",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("scenarios", LargeBinary, nullable=False),
)
"""Of the forecast of the same id, as `alternatives` packs them; few who read one want them."""

told_table = Table(
    "forecast_told",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("members", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("told", LargeBinary, nullable=False),
)
"""members: a digest of them, and the inputs they read. told: little-endian doubles."""

score_table = Table(
    "forecast_score",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("forecast", String(24), nullable=False),
    Column("model", String(40), nullable=False),
    Column("quality", String(20), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("mae", Float, nullable=False),
    Column("naive_mae", Float),
    Column("bias", Float, nullable=False),
    Column("pinball", Float),
    Column("inside80", Integer),
    Column("inside90", Integer),
    Column("similar_mae", Float),
    Column("models_mae", Float),
)
"""Of the last forecast before the day's auction, EUR/MWh; null: without quantiles, or a naive.
models_mae: of the members, where the similar day was issued in their place."""

intraday_score_table = Table(
    "forecast_intraday_score",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("forecast", String(24), nullable=False),
    Column("runs", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("mae", Float, nullable=False),
    Column("last_mae", Float, nullable=False),
    Column("banded", Integer, nullable=False),
    Column("pinball", Float),
    Column("inside80", Integer),
    Column("heard", Integer, nullable=False),
    Column("heard_mae", Float),
    Column("heard_last_mae", Float),
)
"""Of the newest run before each slot's gate, EUR/MWh: see `watch.intraday.scores`."""

model_table = Table(
    "forecast_model",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("model", String(40), primary_key=True),
    Column("inputs", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("trained_from", Date, nullable=False),
    Column("trained_to", Date, nullable=False),
    Column("registered_us", BigInteger, nullable=False),
    Column("weights", Text, nullable=False),
)
"""A row a calibration: the day it was for, and the days with prices that it has seen."""

alarm_table = Table(
    "forecast_alarm",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("code", String(20), primary_key=True),
    Column("since_us", BigInteger, primary_key=True),
    Column("ended_us", BigInteger),
    Column("text", String(200), nullable=False),
    Column("forecast", String(24), nullable=False),
)
"""code: see `watch.verdicts`. ended_us: null while it stands."""

pin_table = Table(
    "forecast_pin",
    metadata,
    Column("area", String(20), primary_key=True),
    Column("since_us", BigInteger, primary_key=True),
    Column("until_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("members", String(20), nullable=False),
    Column("without", String(80), nullable=False),
    Column("account", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("reason", String(200), nullable=False),
)
"""without: names with commas. ended_us: null while it is in force."""
