"""The `[hub]` section as it is read from a file."""

from pathlib import Path

import pytest

from agent.settings import BadSettings, load

WHO = "user:geheim"
SITE = """
site = "werk-sued"
data_dir = "/var/lib/phoenyra"
[control]
discharge_kw_max = 100
charge_kw_max = 100
{hub}
[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
unit = 1
{device}
"""


def written(folder: Path, hub: str = "", device: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(SITE.format(hub=hub, device=device), encoding="utf-8")
    return path


def test_a_proxy_with_its_password_is_read_and_not_shown(tmp_path: Path) -> None:
    proxy = f"http://{WHO}@proxy.example:3128"
    settings = load(written(tmp_path, hub=f'[hub]\nproxy = "{proxy}"'))
    assert settings.hub is not None
    assert settings.hub.proxy is not None
    assert settings.hub.proxy.get_secret_value() == proxy
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize("proxy", [f"ftp://{WHO}@proxy", f"http://{WHO} @proxy", ""])
def test_a_proxy_that_is_none_is_refused_in_one_line_without_its_password(
    tmp_path: Path, proxy: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        load(written(tmp_path, hub=f'[hub]\nproxy = "{proxy}"'))
    (line,) = str(refused.value).splitlines()
    assert line.endswith("hub.proxy: http://host:port is expected")


def test_a_value_in_the_wrong_place_does_not_tell_the_secrets_in_it(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        load(written(tmp_path, device='[site_name]\nof = [{password = "geheim"}]'))
    assert "geheim" not in str(refused.value)
    with pytest.raises(BadSettings) as refused:
        load(written(tmp_path, hub='[[hub]]\nsecret = "geheim"'))
    assert "geheim" not in str(refused.value)
