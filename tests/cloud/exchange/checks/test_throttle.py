"""cloud.exchange.checks.throttle: a policy is taken whole or not at all, and says its windows."""

import pytest

from cloud.exchange.checks import throttle
from cloud.exchange.checks.throttle import BadPolicy, Policy, PolicyTooOld

POLICY = """
version: 7
per_market_rps:
  EPEX: 120
limits:
  PHO: { per_second: 50, per_minute: 1000 }
  EPEX: { per_second: 10 }
"""
MINUTE_US, SECOND_US = 60_000_000, 1_000_000


def test_the_old_key_counts_in_sixty_seconds_and_says_so() -> None:
    policy = throttle.parse(POLICY)
    assert policy.version == 7
    assert policy.windows == {
        "EPEX": ((SECOND_US, 10), (MINUTE_US, 120)),
        "PHO": ((SECOND_US, 50), (MINUTE_US, 1_000)),
    }
    assert "any 60 seconds" in policy.notices[0]
    assert throttle.parse("version: 1").notices == ()


def test_what_a_fact_carries_is_the_same_policy() -> None:
    policy = throttle.parse(POLICY)
    again = throttle.parse(policy.content())
    assert (again.version, again.windows) == (policy.version, policy.windows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "throttle: "),
        ("version: -1", "version: -1 is not allowed"),
        ("version: yes", "version: True is not allowed"),
        ("version: 1\ncolour: 2", "colour: 2 is not allowed"),
        ("version: 1\nper_market_rps: {EPEX: many}", "per_market_rps.EPEX: 'many'"),
        ("version: 1\nper_market_rps: {EPEX: 1, EPEX: 2}", "EPEX: is given twice"),
        ("version: 1\nlimits: {EPEX: {per_hour: 1}}", "limits.EPEX.per_hour: 1 is not allowed"),
        ("version: 1\nlimits: {XX: {per_minute: 1}}", "'XX' is not allowed; one of EPEX, PHO"),
        (
            "version: 1\nper_market_rps: {EPEX: 1}\nlimits: {EPEX: {per_minute: 2}}",
            "limits.EPEX.per_minute: is said in per_market_rps as well",
        ),
        ("version: &a 1\nlimits: *a", "references"),
        ("version: !!python/name:os.system", "throttle: could not determine a constructor"),
        ("version: [", "throttle: while parsing"),
        ("[" * 20_000, "throttle: "),
        ("#" * 1_000_001, "1000001 characters are too many"),
    ],
)
def test_a_wrong_policy_names_the_key_and_the_value(text: str, said: str) -> None:
    with pytest.raises(BadPolicy, match=r"^throttle: ") as refused:
        throttle.parse(text, {"EPEX", "PHO"})
    assert said in str(refused.value)


def test_an_older_version_has_to_be_forced() -> None:
    with pytest.raises(PolicyTooOld, match=r"version: 6 is not allowed; 7 is in force"):
        throttle.accept(Policy(6), 7)
    assert throttle.accept(Policy(6), 7, forced=True).version == 6
    assert throttle.accept(Policy(7), 7).version == 7
