"""Where values lie in a simulated device's JSON: putting them there, and finding them. Pure."""

from drivers.payload import Step


def put(document: dict[str, object], steps: tuple[Step, ...], value: object) -> None:
    """Put a value where a path of keys leads; lists are made as long as they must be."""
    holder: object = document
    for step, after in zip(steps, (*steps[1:], None), strict=True):
        inner: object = value if after is None else ({} if isinstance(after, str) else [])
        if isinstance(holder, dict):
            holder = holder.setdefault(step, inner)
        elif isinstance(holder, list) and isinstance(step, int):
            holder.extend({} for _ in range(step + 1 - len(holder)))
            if after is None:
                holder[step] = value
            holder = holder[step]


def leaves(document: object, path: str) -> list[tuple[str, object]]:
    """Return every value of a document that is no object and no list, each with its path."""
    if isinstance(document, dict):
        found = [leaves(inner, f'{path}["{key}"]') for key, inner in document.items()]
    elif isinstance(document, list):
        found = [leaves(inner, f"{path}[{place}]") for place, inner in enumerate(document)]
    else:
        return [(path, document)]
    return [leaf for leaves in found for leaf in leaves]
