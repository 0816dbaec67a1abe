"""The ``[update]`` section: how the box comes to another version of its software."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class UpdateSettings(BaseModel):
    """Without it, an order for another version is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    """Run without a shell, the version as its last argument."""
