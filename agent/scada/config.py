"""Where our own OPC UA server listens, and who may read it."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from drivers.opcua.config import Security

USERS_MAX = 20
_FILE = r"^[^\x00]+$"


class ScadaUser(BaseModel):
    """One who may read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    password: SecretStr = Field(min_length=8, max_length=200)


class ScadaSettings(BaseModel):
    """``[scada]``: an OPC UA server with the plant's newest values, which nobody can write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9._:-]+$", max_length=253)
    port: int = Field(default=4840, ge=1, le=65_535)
    security: Security = Security.BASIC256SHA256
    users: tuple[ScadaUser, ...] = Field(default=(), max_length=USERS_MAX)
    trust: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="the certificate of a user who may read, or a folder of them",
    )
    certificate: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="the server's; without one, it makes its own",
    )
    key: str | None = Field(default=None, pattern=_FILE, max_length=500)

    @model_validator(mode="after")
    def _guarded(self) -> "ScadaSettings":
        names = [user.name for user in self.users]
        if len(set(names)) != len(names):
            raise ValueError("users: each name once is expected")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key are expected together")
        anybody = not self.users and self.trust is None
        if self.security is Security.NONE and not anybody:
            raise ValueError(
                f"security: {Security.BASIC256SHA256} is expected with users or trust: without it"
                " the network can read along"
            )
        if self.security is not Security.NONE and anybody:
            raise ValueError("users or trust is expected: somebody must be able to read")
        return self
