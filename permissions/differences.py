"""Two snapshots of the policy compared: what each role gains and loses, category by category and field by field. Refuses a snapshot that it cannot read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from permissions.disclosure import Level
from permissions.matrix import ALWAYS, FORMAT
from permissions.reach import Reach

Json = Mapping[str, Any]
SECTIONS: Final = ("disclosure", "reach", "actions", "scopes", "purposes", "rules", "masks", "fields")
MOST_FIELDS: Final = 12
"""Of the fields of a category that are named in one line."""


class Turn(StrEnum):
    """Which way a difference goes."""

    GAIN = "+"
    LOSS = "-"
    CHANGE = "~"
    """Neither more nor less, or not to be known from the table alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the comparison. `about` is a role, or what else the policy speaks of."""

    about: str
    turn: Turn
    says: str


class NotAPolicy(ValueError):
    """What was given is no snapshot, or one of another format."""


def require_snapshot(given: object) -> Json:
    """Raises NotAPolicy."""
    if not isinstance(given, Mapping) or given.get("format") != FORMAT:
        raise NotAPolicy(f"this is no policy of format {FORMAT}")
    wrong = [name for name in SECTIONS if not isinstance(given.get(name), Mapping)]
    if wrong:
        raise NotAPolicy(f"the policy has no {', '.join(wrong)}")
    return given


def differences(old: object, new: object) -> tuple[Difference, ...]:
    """Everything that differs, in the order of the tables; fields that move to another category name every role concerned.

    Raises NotAPolicy.
    """
    before, after = require_snapshot(old), require_snapshot(new)
    return (
        *_disclosed(before, after),
        *_reached(before["reach"], after["reach"]),
        *_listed("may {}", before["actions"], after["actions"]),
        *_parts("scope", before["scopes"], after["scopes"], {"actions": False, "rows": False}),
        *_ceilings(before["scopes"], after["scopes"]),
        *_parts("purpose", before["purposes"], after["purposes"], {"categories": False, "consent": True}),
        *_named(before["rules"], after["rules"]),
        *_masks(before["masks"], after["masks"]),
        *_fields(before, after),
    )


def widens(found: tuple[Difference, ...]) -> bool:
    """True unless every difference takes something away; what cannot be known counts as more."""
    return any(one.turn is not Turn.LOSS for one in found)


def _turn(old: int, new: int) -> Turn:
    return Turn.GAIN if new > old else Turn.LOSS if new < old else Turn.CHANGE


def _level(told: str) -> Level:
    try:
        return Level[told.split(" ", maxsplit=1)[0]]
    except KeyError:
        raise NotAPolicy(f"{told} is no level") from None


def _under(cell: Json, when: str) -> str:
    """What a cell shows under a condition: never less than always."""
    always = str(cell.get(ALWAYS, Level.HIDDEN.name))
    under = str(cell.get(when, always))
    return under if _level(under) > _level(always) else always


def _disclosed(old: Json, new: Json) -> Iterator[Difference]:
    for role, category, before, after in _cells(old["disclosure"], new["disclosure"]):
        base = (_under(before, ALWAYS), _under(after, ALWAYS))
        for when in dict.fromkeys((ALWAYS, *before, *after)):
            was, now = _under(before, when), _under(after, when)
            if was == now or (when != ALWAYS and (was, now) == base):
                continue
            condition = "" if when == ALWAYS else f" when {when}"
            says = f"{category}: {was} -> {now}{condition}{_of(new['fields'], category)}"
            yield Difference(role, _turn(_level(was), _level(now)), says)


def _cells(old: Json, new: Json) -> Iterator[tuple[str, str, Json, Json]]:
    for role in dict.fromkeys((*old, *new)):
        before, after = old.get(role, {}), new.get(role, {})
        for category in dict.fromkeys((*before, *after)):
            yield role, category, before.get(category, {}), after.get(category, {})


def _of(fields: Json, category: str) -> str:
    """The fields that a cell is about."""
    named = sorted(name for name, told in fields.items() if told.split(" ", maxsplit=1)[0] == category)
    if not named:
        return ""
    more = f" and {len(named) - MOST_FIELDS} more" if len(named) > MOST_FIELDS else ""
    return f" ({', '.join(named[:MOST_FIELDS])}{more})"


def _reached(old: Json, new: Json) -> Iterator[Difference]:
    for role, resource, was, now in _values(old, new, Reach.NONE.name):
        if not {was, now} <= set(Reach.__members__):
            raise NotAPolicy(f"{was} or {now} is no reach")
        yield Difference(role, _turn(Reach[was], Reach[now]), f"rows of {resource}: {was} -> {now}")


def _values(old: Json, new: Json, absent: str) -> Iterator[tuple[str, str, str, str]]:
    for of in dict.fromkeys((*old, *new)):
        before, after = old.get(of, {}), new.get(of, {})
        for name in dict.fromkeys((*before, *after)):
            was, now = str(before.get(name, absent)), str(after.get(name, absent))
            if was != now:
                yield of, name, was, now


def _listed(words: str, old: Json, new: Json, *, narrows: bool = False) -> Iterator[Difference]:
    """Lists of members; with `narrows`, one more of them is less for whoever asks."""
    for of in dict.fromkeys((*old, *new)):
        before, after = set(old.get(of, ())), set(new.get(of, ()))
        more, less = (Turn.LOSS, Turn.GAIN) if narrows else (Turn.GAIN, Turn.LOSS)
        for member in sorted(after - before):
            yield Difference(of, more, words.format(member) + (" from now on" if narrows else ""))
        for member in sorted(before - after):
            yield Difference(of, less, words.format(member) + " no more")


def _parts(kind: str, old: Json, new: Json, parts: Mapping[str, bool]) -> Iterator[Difference]:
    words = {
        "actions": "may {}",
        "rows": "rows of {}",
        "categories": "reads {}",
        "consent": "needs consent for {}",
    }
    for part, narrows in parts.items():
        before = {f"{kind} {name}": one.get(part, ()) for name, one in old.items()}
        after = {f"{kind} {name}": one.get(part, ()) for name, one in new.items()}
        yield from _listed(words[part], before, after, narrows=narrows)


def _ceilings(old: Json, new: Json) -> Iterator[Difference]:
    before = {name: one.get("without", {}) for name, one in old.items()}
    after = {name: one.get("without", {}) for name, one in new.items()}
    for scope, category, was, now in _values(before, after, Level.FULL.name):
        says = f"a token without it is shown {category} at most: {was} -> {now}"
        yield Difference(f"scope {scope}", _turn(_level(was), _level(now)), says)


def _named(old: Json, new: Json) -> Iterator[Difference]:
    """What a set is for is not to be read from its members, so no turn is claimed."""
    for name in dict.fromkeys((*old, *new)):
        before, after = set(old.get(name, ())), set(new.get(name, ()))
        for member in sorted(before ^ after):
            how = "has" if member in after else "has no more"
            yield Difference(f"rule {name}", Turn.CHANGE, f"{how} {member}")


def _masks(old: Json, new: Json) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            how = (
                "is new"
                if name not in old
                else "is gone"
                if name not in new
                else "keeps or hides something else"
            )
            yield Difference(f"mask {name}", Turn.CHANGE, how)


def _fields(old: Json, new: Json) -> Iterator[Difference]:
    before, after = old["fields"], new["fields"]
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if was is None or now is None:
            turn = Turn.GAIN if was is None else Turn.LOSS
            yield Difference("fields", turn, f"{name} {'is new' if was is None else 'is gone'}: {now or was}")
            continue
        yield Difference("fields", Turn.CHANGE, f"{name}: {was} -> {now}")
        yield from _moved(name, was.split(" ", maxsplit=1)[0], now.split(" ", maxsplit=1)[0], old, new)


def _moved(name: str, was: str, now: str, old: Json, new: Json) -> Iterator[Difference]:
    """Who is shown more or less of a field by its new category, without any tie."""
    for role in dict.fromkeys((*old["disclosure"], *new["disclosure"])) if was != now else ():
        before = _under(old["disclosure"].get(role, {}).get(was, {}), ALWAYS)
        after = _under(new["disclosure"].get(role, {}).get(now, {}), ALWAYS)
        if before != after:
            yield Difference(role, _turn(_level(before), _level(after)), f"{name}: {before} -> {after}")
