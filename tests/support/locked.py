"""What the lock files name, as far as it applies to this machine."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution, packages_distributions

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.source import ROOT

_ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE
)


def locked(lock: str) -> dict[str, str]:
    """Return name and version of every entry of a lock file that is meant for this machine."""
    entries = _ENTRY.finditer((ROOT / lock).read_text(encoding="utf-8"))
    return {
        canonicalize_name(entry["name"]): entry["version"]
        for entry in entries
        if not entry["marker"] or Marker(entry["marker"]).evaluate()
    }


def entries(lock: str) -> dict[str, str]:
    """Return name and text, hashes and all, of every entry of a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    parts = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return {canonicalize_name(part.partition("==")[0]): part for part in parts}


def agent_lock() -> str:
    """Return what deploy/requirements-agent.lock should hold: what a box needs of the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = closure([*project["dependencies"], *project["optional-dependencies"]["agent"]])
    return "".join(text for name, text in entries("requirements.lock").items() if name in needed)


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the distributions that the requirements bring along, by their installed metadata."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name in found and not requirement.extras:
            continue
        found.add(name)
        needs = [Requirement(text) for text in distribution(name).requires or []]
        waiting += [(need, extra) for need in needs for extra in ("", *requirement.extras)]
    return found


def modules_of(distributions: set[str]) -> set[str]:
    """Return the top-level modules that the distributions install."""
    return {
        module
        for module, owners in packages_distributions().items()
        if any(canonicalize_name(owner) in distributions for owner in owners)
    }
