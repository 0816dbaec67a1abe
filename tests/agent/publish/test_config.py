"""`agent.publish.config`: a broker and at least one manner of telling."""

import pytest
from pydantic import ValidationError

from agent.publish.config import PublishSettings

BROKER = {"host": "broker.local"}


def test_the_broker_is_described_as_for_a_device_and_the_rest_has_defaults() -> None:
    settings = PublishSettings.model_validate({**BROKER, "tls": True, "sparkplug": True})
    assert settings.place("werk").port == 8883
    assert settings.place("werk").client_id == "phoenyra-werk"
    assert (settings.group, settings.node) == ("phoenyra", None)
    assert (settings.prefix, settings.discovery_prefix) == ("phoenyra", "homeassistant")


def test_settings_that_tell_nothing_are_refused_with_what_is_expected() -> None:
    with pytest.raises(ValidationError, match="sparkplug = true or home_assistant = true"):
        PublishSettings.model_validate(BROKER)


@pytest.mark.parametrize(
    "wrong",
    [
        {"group": "a/b"},
        {"node": "+"},
        {"prefix": "a//b"},
        {"prefix": "/a"},
        {"prefix": "$SYS"},
        {"discovery_prefix": "home#"},
        {"client_id": "with space"},
        {"unknown": 1},
    ],
)
def test_a_name_that_would_break_a_topic_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PublishSettings.model_validate({**BROKER, "sparkplug": True, **wrong})


def test_a_prefix_may_have_several_levels() -> None:
    settings = PublishSettings.model_validate(
        {**BROKER, "home_assistant": True, "prefix": "energy/site-1"}
    )
    assert settings.prefix == "energy/site-1"


def test_the_password_is_never_shown() -> None:
    settings = PublishSettings.model_validate(
        {**BROKER, "sparkplug": True, "username": "u", "password": "hunter-22"}
    )
    assert "hunter-22" not in f"{settings!r} {settings.place('x')!r}"
