"""Whether two keys are in the hands of one person: four eyes take more than two keys.

A key may say who uses it. Two keys are of two persons where they name different ones; a key that
names nobody may be anybody's of its account.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel import keys
from cloud.kernel.keys import KeyRecord

PERSON_MAX = 80


def checked(text: str) -> str:
    """Return a person's name as it is kept.

    Raises:
        ValueError: it is empty or too long, or has something in it that cannot be printed.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= PERSON_MAX or not name.isprintable():
        raise ValueError(f"up to {PERSON_MAX} printable characters are expected")
    return name


Person = Annotated[str, Field(max_length=PERSON_MAX), AfterValidator(checked)]


def one_person(first: KeyRecord, second: KeyRecord) -> bool:
    """Say whether both keys may be in the same hands."""
    if first.person is not None and second.person is not None:
        return first.person.casefold() == second.person.casefold()
    return first.account == second.account


async def keys_of_person(connection: AsyncConnection, key_id: str) -> frozenset[str]:
    """Return the ids of all keys, ended ones too, that may be in the same hands as this one."""
    records = await keys.key_records(connection)
    own = next((record for record in records if record.key_id == key_id), None)
    if own is None:
        return frozenset({key_id})
    return frozenset(record.key_id for record in records if one_person(own, record))
