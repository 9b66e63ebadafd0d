"""What the TypeScript client has to know of the schema and of the policy, as its source text. It refuses roles: a client needs none."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from isomod_graphql.core.errors import MaskedAnswerRejected
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.field_access import VIEWER_ACCESS, Reading
from isomod_graphql.engine.wishes import NULL, REJECT
from permissions.decisions import Reason
from permissions.masks import MASK_SIGN, MASKS
from schema.root import build_schema

REJECTED = MaskedAnswerRejected.code
HEAD = (
    "// What the schema and the policy of IsoMod say of masking. `isomod client print` writes this file, "
    "`make schema` puts it here.\n"
)


def generated() -> str:
    """The text of `src/generated.ts`."""
    _, core, catalogue = build_schema()
    masks = {mask.name: {"keeps": mask.preserves, "hides": mask.hides} for mask in MASKS.values()}
    several = "PRIVACY covers several grounds alike."
    parts = [
        HEAD,
        _table("What each mask keeps of a value, and what it hides.", "MASKS", masks),
        _declared("How a value is masked.", "type MaskName = keyof typeof MASKS"),
        _list(f"Why less than everything is shown; {several}", "REASONS", Reason),
        _declared("One of REASONS.", "type MaskReason = (typeof REASONS)[number]"),
        _table("The category of every field that may be masked.", "CATEGORY_OF", dict(_categories(catalogue))),
        _declared("A field that may be masked, as `Type.field`.", "type MaskedCoordinate = keyof typeof CATEGORY_OF"),
        _declared("Of what kind a masked value is.", "type PersonalCategory = (typeof CATEGORY_OF)[MaskedCoordinate]"),
        _list("How much of a field is shown.", "READINGS", Reading),
        _declared("One of READINGS.", "type FieldReading = (typeof READINGS)[number]"),
        _list("What becomes of an answer in which something is masked.", "ON_MASKED", (NULL, REJECT)),
        _declared("One of ON_MASKED.", "type OnMasked = (typeof ON_MASKED)[number]"),
        _declared("In every masked text, refused in every input.", f"const MASK_SIGN = {_text(MASK_SIGN)}"),
        _declared("The code of an answer refused for its masks.", f"const {REJECTED} = {_text(REJECTED)}"),
        _fields(core),
    ]  # fmt: skip
    return "\n".join(parts)


def _categories(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    personal = {
        (of, name): spec.category
        for of, fields in catalogue.fields_of_type.items()
        for name, spec in fields.items()
        if spec.personal
    }
    for (of, name), category in sorted({**personal, **catalogue.suppressed}.items()):
        yield f"{of}.{name}", category.value


def _fields(core: GraphQLSchema) -> str:
    """The names that `viewerAccess` takes, by the type on which it stands."""
    lines = []
    for name, kind in sorted(core.type_map.items()):
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and VIEWER_ACCESS in kind.fields:
            names = "".join(f"\n    | {_text(one)}" for one in sorted(kind.fields))
            lines.append(f"  {name}:{names};\n")
    says = "The names that `viewerAccess` takes, by the type on which it stands."
    return f"/** {says} */\nexport interface FieldNames {{\n{''.join(lines)}}}\n"


def _declared(says: str, code: str) -> str:
    return f"/** {says} */\nexport {code};\n"


def _table(says: str, name: str, members: Mapping[str, Any]) -> str:
    body = "".join(f"  {_text(key)}: {_value(value)},\n" for key, value in members.items())
    return _declared(says, f"const {name} = {{\n{body}}} as const")


def _list(says: str, name: str, members: Iterable[str]) -> str:
    return _declared(says, f"const {name} = [{', '.join(_text(str(one)) for one in members)}] as const")


def _value(value: str | Mapping[str, str]) -> str:
    if isinstance(value, str):
        return _text(value)
    return "{ " + ", ".join(f"{key}: {_text(text)}" for key, text in value.items()) + " }"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
