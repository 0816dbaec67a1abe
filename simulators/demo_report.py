"""What the demonstration tells the person at the terminal."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime

from simulators.demo_folder import LEAD_S, Folder, State
from simulators.demo_world import SITES, DemoSite, Ports

RESTING_KW = 0.5
"""Less than this is told as resting."""


class Report:
    """Lines on standard output, with the seconds since the start.

    Every method raises `BrokenPipeError`, once, when nobody reads them any more.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._unread = False
        self._started_s = now_s()

    def says(self, text: str) -> None:
        self._write(f"{self._now_s() - self._started_s:6.1f} s  {text}")

    def begins(self, folder: Folder, shift_s: float) -> None:
        ahead = f"{shift_s / 60.0:.1f} minutes"
        self._write(
            "Phoenyra BESS demo: two battery sites, a hub and a market, all on this computer",
            f"  data   {folder.shown} (kept for the next start; --fresh begins anew)",
            f"  clock  {ahead} ahead of yours, so that trading turns into power in {LEAD_S:g} s",
            "",
        )

    def is_up(self, state: State, ports: Ports, folder: Folder, minutes: float | None) -> None:
        hub = f"http://127.0.0.1:{ports.hub}"
        width = max(len(site.name) for site in SITES) + 4
        boxes = [
            f"  {'Box ' + site.name:<{width}}  http://127.0.0.1:{ports.page(index)}"
            f"   access code  {state.access_codes[site.id]}"
            for index, site in enumerate(SITES)
        ]
        end = "Ctrl-C" if minutes is None else f"Ctrl-C, or wait {minutes:g} min"
        self._write(
            "",
            "Look around:",
            f"  {'Trading':<{width}}  {hub}   API key      {state.keys['trader']}",
            *boxes,
            f"  {'For programs':<{width}}  {hub}/docs",
            f"  {'Logs':<{width}}  {os.path.join(folder.shown, 'logs')}",
            f"Stop with {end}.",
            "",
        )

    def quarter_begins(self, start: datetime) -> None:
        self.says(f"{start:%H:%M} UTC: a quarter-hour begins, and what was traded becomes power")

    def sites(self, newest: Mapping[str, Mapping[str, float]], price: float | None) -> None:
        """Tell what each site does now; `newest` has values by point, by site."""
        told = [_doing(site, newest[site.id]) for site in SITES]
        if price is not None:
            told.append(f"last trade {price:.2f} EUR/MWh")
        self.says("; ".join(told))

    def ended(self, folder: str) -> None:
        self.says(f"stopped; what happened is kept in {folder}")

    def _write(self, *lines: str) -> None:
        if self._unread:
            return
        try:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
        except BrokenPipeError:
            self._unread = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor at the exit
            raise


def _doing(site: DemoSite, values: Mapping[str, float]) -> str:
    power_kw = values.get("ac.power_kw")
    if power_kw is None:
        return f"{site.name} says nothing"
    doing = "rests"
    if abs(power_kw) >= RESTING_KW:
        doing = f"{'discharges' if power_kw > 0.0 else 'charges'} {abs(power_kw):.0f} kW"
    soc_pct = values.get("battery.soc_pct")
    charged = "" if soc_pct is None else f" at {soc_pct:.1f} %"
    return f"{site.name} {doing}{charged}"
