"""Who consumes which event: a frozen table given at construction. Refuses two consumers of one name."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from isomod_graphql.core.events import Consumer


class Consumers:
    """The consumers of one worker by kind of event and name."""

    def __init__(self, consumers: Iterable[Consumer]) -> None:
        """Raises ValueError for two consumers with the same kind and name."""
        table: dict[str, dict[str, Consumer]] = {}
        for consumer in consumers:
            names = table.setdefault(consumer.kind, {})
            if consumer.name in names:
                raise ValueError(f"two consumers {consumer.name} of {consumer.kind}")
            names[consumer.name] = consumer
        self._table: Mapping[str, Mapping[str, Consumer]] = MappingProxyType(table)

    @property
    def kinds(self) -> list[str]:
        """The kinds that this worker delivers; others wait for a worker that knows them."""
        return sorted(self._table)

    def of(self, kind: str) -> Mapping[str, Consumer]:
        """The consumers of a kind by name."""
        return self._table.get(kind, {})

    def with_also(self, others: Iterable[Consumer]) -> "Consumers":
        """These and the others."""
        mine = [consumer for names in self._table.values() for consumer in names.values()]
        return Consumers([*mine, *others])
