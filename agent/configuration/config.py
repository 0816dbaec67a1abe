"""The ``[update]`` section, and what is secret in any section."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class UpdateSettings(BaseModel):
    """Without it, an order for another version is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    """Run without a shell, the version as its last argument."""


def secrets_of(value: object) -> list[str]:
    """Return every secret in the settings."""
    match value:
        case SecretStr():
            return [value.get_secret_value()]
        case BaseModel():
            return [one for _, inner in value for one in secrets_of(inner)]
        case dict():
            return [one for inner in value.values() for one in secrets_of(inner)]
        case list() | tuple():
            return [one for inner in value for one in secrets_of(inner)]
    return []
