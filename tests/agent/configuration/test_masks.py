"""agent.configuration.masks: secrets stay on the box, whoever writes the rest of the file."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.configuration.masks import NothingToKeep, fill, masked, without

OLD = """
[hub]
secret = "s3cret"
[[devices]]
id = "a"
api_key = 'key of "a"'
[[devices]]
id = "b"
api_key = "key of b"
"""


def test_a_mask_keeps_the_value_of_the_same_place_and_comments_stay() -> None:
    new = """
# "***" means: as before
[hub]   # the hub
secret = "***"  # not told
url = "x"
[[devices]]
id = "b"
api_key = '***'
[[devices]]
api_key = "***"
id = "a"
"""
    filled = fill(new, OLD)
    document = tomllib.loads(filled)
    assert document["hub"]["secret"] == "s3cret"
    assert [d["api_key"] for d in document["devices"]] == ["key of b", 'key of "a"']
    assert '# "***" means: as before' in filled
    assert "# not told" in filled


@pytest.mark.parametrize(
    "new", ['[hub]\npassword = "***"', '[[devices]]\nid = "c"\napi_key = "***"', 'x = ["***"]']
)
def test_a_mask_without_a_value_to_keep_is_refused_by_its_key(new: str) -> None:
    with pytest.raises(NothingToKeep, match=r"password|id=c|x"):
        fill(new, OLD)


def test_what_is_no_toml_is_not_filled() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        fill('[hub\nsecret = "***"', OLD)


@given(
    st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\x7f"
        )
    )
)
def test_any_text_is_kept_as_it_was(secret: str) -> None:
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    filled = fill('[hub]\nsecret = "***"', f'[hub]\nsecret = "{quoted}"')
    assert tomllib.loads(filled)["hub"]["secret"] == secret


def test_settings_are_shown_without_their_secrets() -> None:
    shown = masked('[hub]\nurl = "http://h"\nsecret = "s3cret"\n# s3cret!\n', ["s3cret"])
    assert "s3cret" not in shown
    assert 'secret = "***"' in shown
    assert masked("  api_key   = 'x'\n", []) == '  api_key   = "***"\n'
    assert without("a s3cret line", ["s3cret", ""]) == "a *** line"
