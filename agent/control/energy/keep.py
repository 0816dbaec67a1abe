"""What a restarted control has to know of a product's energy management, as text and back. Pure.

States and announcements are kept as they are. Of the long means only what they came to is kept, and
each of their seconds is given that value: the power goes on without a step, and after at most one
length of the mean nothing is left of the difference.
"""

from agent.control.energy.contract import Transaction
from agent.control.energy.fade import FadeMemory
from agent.control.energy.manage import EnergyMemory
from agent.control.energy.nordic import MEAN_S, NordicMemory
from agent.control.energy.recovery import RecoveryMemory
from wire import fields
from wire.fields import Document
from wire.schedule import POWER_KW_MAX

TRANSACTIONS_MAX = 200
_DEVIATION_HZ_MAX = 10.0
_FADE_S_MAX = 3_600
_ANNOUNCED = ("start_us", "end_us", "power_kw")


def to_document(memory: EnergyMemory) -> dict[str, object]:
    of_nordic, faded, ran = memory.nordic, memory.fade, memory.recovery
    return {
        "nem_low": of_nordic.nem_low,
        "nem_high": of_nordic.nem_high,
        "aem_low": of_nordic.aem_low,
        "aem_high": of_nordic.aem_high,
        "nem_sum": sum(of_nordic.allowed),
        "moved_hz": sum(of_nordic.moved_hz) / MEAN_S,
        "fade_on": faded.on,
        "faded_s": faded.faded_s,
        "weight": faded.weight,
        "mean_hz": faded.mean_hz,
        "mean_s": len(faded.deviations_hz),
        "announced": [[t.start_us, t.end_us, t.power_kw] for t in ran.announced],
        "decided_us": ran.decided_us,
        "power_kw": ran.power_kw,
    }


def from_document(document: Document, second: int, path: str = "energy") -> EnergyMemory:
    """Return the memory as of the loop's whole second `second`.

    Raises:
        BadMessage: a key is missing or wrong.
    """
    mean_hz = fields.number(document, "mean_hz", path, low=-_DEVIATION_HZ_MAX, high=10.0)
    mean_s = fields.integer(document, "mean_s", path, high=_FADE_S_MAX)
    return EnergyMemory(
        second=second,
        nordic=_nordic(document, path),
        fade=FadeMemory(
            on=fields.boolean(document, "fade_on", path),
            faded_s=fields.number(document, "faded_s", path, low=0.0, high=_FADE_S_MAX),
            weight=fields.number(document, "weight", path, low=0.0, high=1.0),
            mean_hz=mean_hz,
            deviations_hz=(mean_hz,) * mean_s,
        ),
        recovery=RecoveryMemory(
            announced=tuple(
                Transaction(
                    fields.instant(row, "start_us", path),
                    fields.instant(row, "end_us", path),
                    fields.number(row, "power_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX),
                )
                for row in fields.rows(
                    document, "announced", path, _ANNOUNCED, most=TRANSACTIONS_MAX
                )
            ),
            decided_us=fields.instant(document, "decided_us", path),
            power_kw=fields.number(
                document, "power_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX
            ),
        ),
    )


def _nordic(document: Document, path: str) -> NordicMemory:
    total = fields.integer(document, "nem_sum", path, low=-MEAN_S, high=MEAN_S)
    moved_hz = fields.number(document, "moved_hz", path, low=-_DEVIATION_HZ_MAX, high=10.0)
    sign = 1 if total > 0 else -1
    # The oldest seconds first: those that do not count leave the mean before those that do.
    allowed = (*(0,) * (MEAN_S - abs(total)), *(sign,) * abs(total))
    return NordicMemory(
        nem_low=fields.boolean(document, "nem_low", path),
        nem_high=fields.boolean(document, "nem_high", path),
        aem_low=fields.boolean(document, "aem_low", path),
        aem_high=fields.boolean(document, "aem_high", path),
        allowed=allowed,
        moved_hz=(moved_hz,) * MEAN_S,
    )
