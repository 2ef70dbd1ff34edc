"""A person's training archive put together from what each service knows: classes, attendance, certificates, subsidies.

No service asks another; whoever may read the parts reads them here in one go, and every part records the look.
"""

from collections.abc import Iterator
from typing import Final

from peibu.demo.party import Json, Party

_OF_A_CLASS: Final = ("supervision", "assessment", "payment")


async def read_archive(party: Party, person_id: str) -> tuple[Json, ...]:
    """Give the entries of a person's archive in the order of time, as the party may see them.

    Each says what it is under `entry` (`class`, `certificate`, `subsidy`), its day `on`, its `class_id`; a class that
    opened has its `attendance`. Raise StoryBroken with the problem document when nothing may be seen.
    """
    enrolled = await party.get(f"/enrollment/v1/persons/{person_id}/archive")
    entries: list[Json] = []
    for klass in enrolled["classes"]:
        path = f"v1/classes/{klass['class_id']}/archive/{person_id}"
        parts = {service: await party.find(f"/{service}/{path}") for service in _OF_A_CLASS}
        entries += entries_of(klass, **parts)
    return in_order(entries)


def entries_of(
    klass: Json, *, supervision: Json | None, assessment: Json | None, payment: Json | None
) -> Iterator[Json]:
    """Give what one class adds; a service that does not know the person in it (yet) adds nothing."""
    class_id = klass["class_id"]
    counted = {"present_sessions", "absent_sessions", "present_class_hours"}
    attendance = {name: supervision[name] for name in sorted(counted)} if supervision else None
    yield {"entry": "class", "on": klass["opening_date"], **klass, "attendance": attendance}
    for certificate in assessment["certificates"] if assessment else ():
        yield {"entry": "certificate", "on": certificate["issued_on"], "class_id": class_id, **certificate}
    for subsidy in payment["subsidies"] if payment else ():
        yield {"entry": "subsidy", "on": subsidy["approved_on"], "class_id": class_id, **subsidy}


def in_order(entries: list[Json]) -> tuple[Json, ...]:
    """Give entries by their day; of one day the class first, then its certificates, then its subsidies."""
    kinds = ("class", "certificate", "subsidy")
    return tuple(sorted(entries, key=lambda entry: (entry["on"], kinds.index(entry["entry"]))))
