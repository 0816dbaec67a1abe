"""``[publish]``: the broker to which our own plant is told, and in which words."""

from pydantic import ConfigDict, Field, model_validator

from drivers.mqtt.config import BrokerSettings

_LEVEL = r"^[^/+#\x00-\x1f]+$"
_TOPIC = r"^[^/+#\x00-\x1f$]+(/[^/+#\x00-\x1f]+)*$"


class PublishSettings(BrokerSettings):
    """A broker, and what is told there; nothing that comes from it is obeyed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]+$",
        max_length=80,
        description="what our names on the broker begin with; default: phoenyra- and the site",
    )
    sparkplug: bool = False
    group: str = Field(default="phoenyra", pattern=_LEVEL, max_length=100)
    node: str | None = Field(
        default=None, pattern=_LEVEL, max_length=100, description="the edge node; default: the site"
    )
    home_assistant: bool = False
    prefix: str = Field(
        default="phoenyra",
        pattern=_TOPIC,
        max_length=200,
        description="what the topics of our values begin with",
    )
    discovery_prefix: str = Field(
        default="homeassistant",
        pattern=_TOPIC,
        max_length=200,
        description="where Home Assistant looks for new sensors",
    )

    @model_validator(mode="after")
    def _says_something(self) -> "PublishSettings":
        if not (self.sparkplug or self.home_assistant):
            raise ValueError("sparkplug = true or home_assistant = true is expected, or both")
        return self
