"""cloud.exchange.checks.limits: an account's limits are data, and wrong data is one line."""

import pytest

from cloud.exchange.checks import limits
from cloud.exchange.checks.limits import ORDERS_MAX, UNBOUND, BadLimits, LimitBook


def test_without_any_limits_only_the_number_of_orders_is_bounded() -> None:
    own = LimitBook().of("werk")
    assert own.orders_max == ORDERS_MAX
    assert own.position_bounds() == (-UNBOUND, UNBOUND, -UNBOUND, UNBOUND)


def test_an_account_has_the_default_but_for_what_it_names() -> None:
    book = limits.parse(
        '{"version": 3, "default": {"orders_max": 10, "abs_kw_max": 500},'
        ' "accounts": {"werk": {"abs_kw_max": 800, "net_kw_min": -100}}}'
    )
    assert book.version == 3
    assert book.of("werk").orders_max == book.of("other").orders_max == 10
    assert book.of("werk").position_bounds() == (-100, 800, -UNBOUND, UNBOUND)
    assert book.of("other").position_bounds() == (-500, 500, -UNBOUND, UNBOUND)


def test_an_account_may_be_freed_of_a_limit_of_the_default() -> None:
    book = limits.parse(
        '{"version": 1, "default": {"orders_max": 10}, "accounts": {"maker": {"orders_max": null}}}'
    )
    assert book.of("maker").orders_max is None


def test_amounts_are_read_exactly() -> None:
    book = limits.parse('{"version": 1, "default": {"cash_out_eur_max": 0.00000001}}')
    assert limits.cash_of(book.of("x").cash_out_eur_max) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "limits: "),
        ("[]", "limits: "),
        ('{"version": -1}', "limits: version: -1 is not allowed"),
        ('{"version": 1, "default": {"colour": 1}}', "default.colour: 1 is not allowed"),
        ('{"version": 1, "default": {"state": "off"}}', "default.state: 'off' is not allowed"),
        ('{"version": 1, "default": {"cash_in_eur_max": NaN}}', "cash_in_eur_max"),
        ('{"version": 1, "default": {"orders_max": -1}}', "orders_max: -1 is not allowed"),
        (
            '{"version": 1, "accounts": {"werk": {"order_counts": [{"window_s": 0}]}}}',
            "limits: accounts.werk: order_counts.0.window_s: 0 is not allowed",
        ),
        (
            '{"version": 1, "default": {"order_counts": [{"window_s": 1, "allowed": 100001}]}}',
            "order_counts.0.allowed: 100001 is not allowed",
        ),
    ],
)
def test_wrong_limits_name_the_key_and_the_value(content: str, said: str) -> None:
    with pytest.raises(BadLimits, match=r"^limits: ") as refused:
        limits.parse(content)
    assert said in str(refused.value)
