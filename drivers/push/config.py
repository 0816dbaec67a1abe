"""The settings of a device that pushes: the key that it sends along."""

from typing import Literal

from pydantic import Field, SecretStr

from drivers.config import DeviceBase


class PushConfig(DeviceBase):
    """A device that posts to ``/api/telemetry``."""

    kind: Literal["push"]
    api_key: SecretStr = Field(
        min_length=16, max_length=200, description="sent as X-API-Key or Authorization: Bearer"
    )
