"""The frequency droop of a simulated SunSpec device, model 711: its sets, and how one is adopted.

The first set is what the device does now, and nobody can write it. Another one is written, asked
for with its number, and copied into the first. The plant does not follow it.
"""

from collections.abc import Mapping, Sequence

from simulators.sunspec_image import Image

SETS = 2
COMPLETED, FAILED = 1, 2
_REQUEST = "711.AdptCtlReq"
_WORDS: Mapping[str, int] = {"DbOf": 2, "DbUf": 2, "KOf": 1, "KUf": 1, "RspTms": 2, "PMin": 1}
_DEFAULT = {"DbOf": 0.036, "DbUf": 0.036, "KOf": 0.05, "KUf": 0.05, "RspTms": 5.0, "PMin": 0}
"""IEEE 1547-2018."""


def show(image: Image) -> None:
    """Put in what stands there from the start, and lock the first set."""
    if not image.has(_REQUEST):
        return
    image.put_all({"711.Db_SF": -3, "711.K_SF": -3, "711.RspTms_SF": -1})
    image.put_all({"711.Ena": 1, _REQUEST: 0, "711.AdptCtlRslt": COMPLETED, "711.NCtl": SETS})
    for number in range(1, SETS + 1):
        image.put_all({f"711.{number}.{name}": value for name, value in _DEFAULT.items()})
        image.put(f"711.{number}.ReadOnly", int(number == 1))
    for name, words in _WORDS.items():
        address = image.address(f"711.1.{name}")
        image.writable.difference_update(range(address, address + words))


def adopt(image: Image, written: Sequence[int]) -> None:
    """Take a set over where one was asked for among the addresses just written."""
    if not image.has(_REQUEST) or image.address(_REQUEST) not in written:
        return
    number = int(image.get(_REQUEST) or 0)
    known = 1 <= number <= SETS
    image.put("711.AdptCtlRslt", COMPLETED if known else FAILED)
    for name in _WORDS if known else ():
        image.put(f"711.1.{name}", image.get(f"711.{number}.{name}"))
