"""cloud.kernel.figures: what callers may write for a number, and what only Python takes for one."""

from decimal import Decimal
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cloud.exchange.api.forms import Energy, Kilowatts, Price
from cloud.kernel.figures import Plain

DECIMAL = TypeAdapter(Annotated[Decimal, Plain])
ALL = [TypeAdapter(each) for each in (Price, Energy, Kilowatts)]


@pytest.mark.parametrize(
    "value",
    [
        "\uff11",
        "\u0661",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "",
        "+",
        ".",
        "1e",
        "0x1",
        "1,5",
        "NaN",
        "inf",
    ],
)
def test_texts_that_only_python_takes_for_numbers_are_refused(value: str) -> None:
    for kind in ALL:
        with pytest.raises(ValidationError, match="digits 0 to 9"):
            kind.validate_python(value)


def test_a_flag_is_no_number() -> None:
    for kind in ALL:
        with pytest.raises(ValidationError, match="a number is expected"):
            kind.validate_python(True)


@pytest.mark.parametrize("text", ["1e99999999", "-1e99999999", "1e-99999999", "0e99999999"])
def test_a_number_that_nobody_could_write_out_is_refused_at_once(text: str) -> None:
    """Read exactly, as from a socket; a whole number of so many digits would stop the hub."""
    for kind in ALL:
        with pytest.raises(ValidationError, match="exponent"):
            kind.validate_python(Decimal(text))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9)))
def test_every_plain_number_is_the_same_as_text_and_as_number(value: Decimal) -> None:
    assert DECIMAL.validate_python(format(value, "f")) == value
    assert DECIMAL.validate_python(str(value)) == value
    assert DECIMAL.validate_python(value) == value


@given(st.text(max_size=8))
def test_no_other_text_is_taken(text: str) -> None:
    try:
        taken = DECIMAL.validate_python(text)
    except ValidationError:
        return
    assert text.isascii()
    assert "_" not in text
    assert text == text.strip()
    assert taken.is_finite()
