"""The packs of loaded rows, opened: with remembered values first, then with keys asked for once. Refuses a pack of which nothing is shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from isomod_graphql.core.crypto import place_of
from isomod_graphql.core.keystore import Keystore
from isomod_graphql.core.opened import Known, recalled
from isomod_graphql.engine.loaded import Loaded
from isomod_graphql.engine.running import Run
from isomod_graphql.engine.stages import SlotStage

NOTHING: Mapping[str, Any] = {}

Opened = Mapping[tuple[int, int, str], Sequence[Mapping[str, Any]]]
"""By the identity of a level, the number of its table, and the column: the opened values of each row."""


async def opened_of(run: Run, keystore: Keystore) -> Opened:
    """Everything sealed that is shown, and nothing else. Asks the keystore once at most."""
    tenant = run.request.viewer.tenant_id
    found: dict[tuple[int, int, str], Sequence[Mapping[str, Any]]] = {}
    gaps: list[_Gap] = []
    for loaded in run.loaded:
        for number, slot in loaded.stage.sealed:
            for column in {name for one in loaded.kinds[number] if one is not None for name in one.packs}:
                place = place_of(tenant, slot.table, column)
                values = _remembered(loaded, number, slot, column, keystore.opened_values(place))
                if None in values:
                    gaps += [
                        _Gap(values, at, place, *name) for at, name in _missing(loaded, slot, column, values)
                    ]
                found[id(loaded), number, column] = values
    wanted = {gap.pack[1:17] for gap in gaps}
    if wanted:
        known = keystore.cached_keys(wanted)
        keys = await keystore.opened_keys(tenant, wanted) if known is None else known
        for values, at, place, row_id, pack in gaps:
            key = keys.get(pack[1:17])
            values[at] = NOTHING if key is None else key.open(place, row_id, pack)
    return found


class _Gap(NamedTuple):
    """A pack that was not opened yet, and where its values belong."""

    values: list[Any]
    at: int
    place: bytes
    row_id: bytes
    pack: bytes


def _remembered(loaded: Loaded, number: int, slot: SlotStage, column: str, known: Known) -> list[Any]:
    """The opened values of each row, None where they are not remembered; rows of which nothing is shown are not looked up."""
    ids, packs = loaded.columns[slot.slot.at["id"]], loaded.columns[slot.slot.at[column]]
    kinds = loaded.kinds[number]
    shown = {one for one in kinds if one is not None and column in one.packs}
    if len(shown) == len(kinds):
        return recalled(known, ids, packs)
    wanted = [
        row_id if one in shown else None for row_id, one in zip(ids, loaded.variants[number], strict=True)
    ]
    found = recalled(known, wanted, packs)
    return [NOTHING if row_id is None else values for row_id, values in zip(wanted, found, strict=True)]


def _missing(
    loaded: Loaded, slot: SlotStage, column: str, values: list[Any]
) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """The rows whose pack is to be opened; a row without a pack gets no values at once."""
    ids, packs = loaded.columns[slot.slot.at["id"]], loaded.columns[slot.slot.at[column]]
    for at, value in enumerate(values):
        if value is None:
            if packs[at] is None:
                values[at] = NOTHING
            else:
                yield at, (ids[at], packs[at])
