"""How a page of a report speaks: its words and numbers in one language. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from cloud.forecast.report.svg import said
from cloud.forecast.report.words import word


@dataclass(frozen=True, slots=True)
class Speech:
    """How a page speaks."""

    language: str

    def __call__(self, key: str) -> str:
        """Return a text, or a name from a file, as HTML."""
        return escape(self.plain(key))

    def plain(self, key: str) -> str:
        return word(key, self.language)

    @property
    def comma(self) -> bool:
        return self.language == "de"

    def number(self, value: float | None, places: int = 2) -> str:
        return said(value, places, self.comma)

    def rules(self, of: Mapping[str, Any]) -> str:
        """Return the rules of a battery."""
        cycles = of["cycles_per_day"]
        limit = (
            self("cycles.any") if cycles is None else f"{self.number(cycles, 0)} {self('cycles')}"
        )
        cost = f"{self.number(of['cost_eur_per_mwh'], 0)} EUR/MWh"
        return f"{self.number(of['energy_h'], 0)} h, {limit}, {cost}"

    def probability(self, value: float | None) -> str:
        """Return a p-value; what is smaller than its digits is said so."""
        if value is not None and value < 1e-4:
            return f"&lt; {self.number(1e-4, 4)}"
        return self.number(value, 4)
