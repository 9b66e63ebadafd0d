"""The policy as it is committed and compared: the tables, and which category and mask each field of the schema has. Refuses to know whom it is applied to."""

from typing import Any

from isomod_graphql.engine.catalogue import Catalogue
from permissions.masks import NULL
from permissions.matrix import matrix


def snapshot_of(catalogue: Catalogue) -> dict[str, Any]:
    """The whole policy of this code, as JSON."""
    fields = {}
    for of, named in sorted(catalogue.weighable.items()):
        for name, one in named.items():
            mask = one.spec.permission.mask
            fields[f"{of}.{name}"] = f"{one.spec.category}" + ("" if mask is NULL else f" {mask.name}")
    return {**matrix(), "fields": fields}
