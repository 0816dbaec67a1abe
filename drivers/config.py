"""What the settings of every device have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

RESERVED_IDS = ("control",)
"""Names under which the agent records about itself."""

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:%-]+$", max_length=253)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class DeviceBase(BaseModel):
    """One ``[[devices]]`` of a site; each kind adds where its device is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="its name in all records")
    profile: str = Field(
        min_length=1, max_length=500, description="a shipped profile, or the path of a .toml file"
    )
    override: str | None = Field(
        default=None,
        pattern=r"^[^\x00]+\.toml$",
        max_length=500,
        description="the path of a .toml file with this site's changes to the profile",
    )

    @field_validator("id")
    @classmethod
    def _id_is_free(cls, value: str) -> str:
        if value in RESERVED_IDS:
            raise ValueError("the agent uses this name itself; any other is expected")
        return value
