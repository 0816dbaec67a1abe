"""cloud.web.attempts: an address that guesses keys has to wait; others do not."""

from cloud.web.attempts import ADDRESSES_MAX, ATTEMPTS_MAX, WINDOW_US, Attempts

_NOW_US = 1_795_169_700_000_000


def _failed(attempts: Attempts, address: str, times: int) -> None:
    for _ in range(times):
        attempts.failed(address, _NOW_US)


def test_an_address_may_fail_a_few_times() -> None:
    attempts = Attempts()
    _failed(attempts, "10.0.0.1", ATTEMPTS_MAX - 1)
    assert not attempts.exhausted("10.0.0.1", _NOW_US)


def test_then_it_has_to_wait_while_others_do_not() -> None:
    attempts = Attempts()
    _failed(attempts, "10.0.0.1", ATTEMPTS_MAX)
    assert attempts.exhausted("10.0.0.1", _NOW_US)
    assert not attempts.exhausted("10.0.0.2", _NOW_US)


def test_after_the_window_it_may_try_again() -> None:
    attempts = Attempts()
    _failed(attempts, "10.0.0.1", ATTEMPTS_MAX)
    assert not attempts.exhausted("10.0.0.1", _NOW_US + WINDOW_US)


def test_the_address_that_failed_longest_ago_is_forgotten_first() -> None:
    attempts = Attempts()
    _failed(attempts, "first", ATTEMPTS_MAX)
    for number in range(ADDRESSES_MAX):
        attempts.failed(str(number), _NOW_US)
    assert not attempts.exhausted("first", _NOW_US)
