"""``[frequency.energy]``: by which rules the energy of each product is managed; off by default."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.control.energy.rules import NEM_SHARE_MAX, NORDIC, OFF, RULE_SETS, RuleSet


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Recovery(_Section):
    """Schedule transactions that bring the energy back; shares of the operating range."""

    target_pct: float = Field(
        default=50.0, ge=0, le=100, description="of the operating range: where it should be"
    )
    low_pct: float = Field(
        default=45.0, ge=0, le=100, description="expected below this, energy is bought"
    )
    high_pct: float = Field(
        default=55.0, ge=0, le=100, description="expected above this, energy is sold"
    )
    power_share_max: float = Field(
        default=0.25, gt=0, le=1, description="of the capacity: the most that a transaction has"
    )
    lead_min: float | None = Field(
        default=None,
        ge=0,
        le=1_440,
        description="from announcement to start; without it what the rule set demands",
    )
    slot_min: int = Field(
        default=15, ge=1, le=60, description="transactions begin and end on multiples of this"
    )
    ramp_pct_per_min: float = Field(
        default=10.0, gt=0, le=6_000, description="of the capacity; how fast a transaction comes"
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Recovery":
        if not self.low_pct <= self.target_pct <= self.high_pct:
            raise ValueError(
                f"target_pct: {self.target_pct:g} is not allowed;"
                f" {self.low_pct:g} (low_pct) to {self.high_pct:g} (high_pct) is expected"
            )
        return self


class ProductEnergy(_Section):
    """How the energy of one product is managed."""

    product: str = Field(min_length=1, max_length=40)
    rule: str = Field(default=OFF, description="name of a rule set; see the guide")
    range_from_pct: float = Field(
        default=0.0, ge=0, le=100, description="of the plant's window: where the product's begins"
    )
    range_to_pct: float = Field(
        default=100.0, ge=0, le=100, description="of the plant's window: where the product's ends"
    )
    nem_share: float | None = Field(
        default=None, gt=0, le=NEM_SHARE_MAX, description="of the capacity; without it the rule's"
    )
    nem_disable_min: float | None = Field(
        default=None, gt=0, le=120, description="moved with the grid operator's consent only"
    )
    guard_min: float | None = Field(
        default=None, gt=0, le=240, description="full activation that is never undercut; the rule's"
    )
    planning_min: float | None = Field(
        default=None, gt=0, le=240, description="full activation the schedule leaves; the rule's"
    )
    over_fulfil: float = Field(
        default=1.0, ge=1, le=2, description="factor on a response that helps the state of charge"
    )
    deadband_use: bool = Field(
        default=False, description="in the rule's deadband answer only what helps"
    )
    schedule_tx: bool = Field(default=False, description="bring energy back by transactions")
    ramp_use: bool = Field(default=False, description="not offered: no rule set confirms it")
    reserve_mode: bool = Field(
        default=False, description="our reconstruction of the equations; compare before use"
    )
    reserve_fade_s: float = Field(
        default=300.0, gt=0, le=3_600, description="full activation time of aFRR, mean and fade"
    )
    recovery: Recovery = Recovery()

    @model_validator(mode="after")
    def _the_rule_permits(self) -> "ProductEnergy":
        rules = RULE_SETS.get(self.rule)
        if rules is None:
            raise ValueError(
                f"rule: {self.rule!r} is not allowed; {', '.join(RULE_SETS)} are known"
            )
        if rules.products and self.product not in rules.products:
            raise ValueError(
                f"rule: {self.rule!r} is for {', '.join(rules.products)}, not for {self.product!r}"
            )
        if self.range_from_pct >= self.range_to_pct:
            raise ValueError(
                f"range_from_pct: {self.range_from_pct:g} is not allowed;"
                f" less than range_to_pct {self.range_to_pct:g} is expected"
            )
        if self.lead_min < rules.lead_min:
            raise ValueError(
                f"recovery.lead_min: {self.lead_min:g} is not allowed;"
                f" rule set {self.rule!r} demands {rules.lead_min:g} or more"
            )
        for key, asked, permitted in _asked(self, rules):
            if asked and not permitted:
                raise ValueError(f"{key}: is not permitted by rule set {self.rule!r}")
        return self

    @property
    def rules(self) -> RuleSet:
        return RULE_SETS[self.rule]

    @property
    def managed(self) -> bool:
        """Say whether a rule set holds."""
        return self.rule != OFF

    @property
    def of_nordic(self) -> bool:
        """Say whether NEM and AEM are demanded."""
        return self.rule in NORDIC_RULES

    @property
    def guard_h(self) -> float:
        """Return the energy at full activation that is never undercut, in hours."""
        return (self.rules.guard_min if self.guard_min is None else self.guard_min) / 60

    @property
    def lead_min(self) -> float:
        """Return the minutes from the announcement of a transaction to its start, at least."""
        asked_min = self.recovery.lead_min
        return self.rules.lead_min if asked_min is None else asked_min

    @property
    def planning_h(self) -> float:
        """Return the energy at full activation that the schedule leaves alone, in hours."""
        return (self.rules.planning_min if self.planning_min is None else self.planning_min) / 60


def _asked(product: ProductEnergy, rules: RuleSet) -> tuple[tuple[str, bool, bool], ...]:
    over_fulfils = product.over_fulfil > 1.0
    of_nordic = product.nem_share is not None or product.nem_disable_min is not None
    return (
        ("over_fulfil", over_fulfils, product.over_fulfil <= rules.over_fulfil_max),
        ("deadband_use", product.deadband_use, rules.deadband_hz > 0),
        ("schedule_tx", product.schedule_tx, rules.schedule_tx),
        ("reserve_mode", product.reserve_mode, rules.reserve_mode),
        ("ramp_use", product.ramp_use, False),
        ("nem_share or nem_disable_min", of_nordic, product.rule in NORDIC_RULES),
    )


NORDIC_RULES = frozenset(
    rules.name
    for rules in RULE_SETS.values()
    if rules.products and set(rules.products) <= {*NORDIC}
)
"""Rule sets that demand NEM and AEM."""


class EnergySettings(_Section):
    """By which rules the energy of the products is managed; without an entry it is not."""

    products: tuple[ProductEnergy, ...] = Field(default=(), max_length=20)
    accept_unconfirmed: bool = Field(
        default=False, description="needed for a rule set that nobody has confirmed"
    )

    @model_validator(mode="after")
    def _known_and_once(self) -> "EnergySettings":
        names = [product.product for product in self.products]
        for product in self.products:
            if names.count(product.product) > 1:
                raise ValueError(f"products: {product.product!r} is named twice")
            if not product.rules.confirmed and not self.accept_unconfirmed:
                raise ValueError(
                    f"accept_unconfirmed: false is not allowed with rule {product.rule!r}, which"
                    f" nobody has confirmed; compare it with the rule book, then say true"
                )
        return self

    def of(self, product: str) -> ProductEnergy:
        """Return the settings of a product; one that is not named is not managed."""
        found = next((entry for entry in self.products if entry.product == product), None)
        return ProductEnergy(product=product[:40] or "-") if found is None else found
