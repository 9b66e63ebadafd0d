"""One operation through both executors and before the oracles: what differs, said so that it can be asked again. It mends nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    parse,
    print_ast,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues, get_variable_values

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.engine.shapes import Unsupported
from isomod_graphql.engine.wishes import PLAIN, Wish
from permissions.policy_version import POLICY_VERSION
from schema.execution import Answered, Execution
from tests.engine.asking import Answer, Caller, answer_of
from tests.engine.counted import Counts
from tests.engine.graph import Kept, built, execution_of
from tests.engine.judging import Judge, anonymous, identified
from tests.engine.listed import Lists, Open
from tests.engine.oracle import FIELDS, Oracle, Seen
from tests.engine.proving import Proof
from tests.engine.realm import Realm
from tests.engine.weaving import ROOTS, Operation

Released = Mapping[bytes, int]
DRY, REJECTING = Wish(dry_run=True), Wish(rejects=True)


@dataclass(frozen=True)
class Told:
    """All that an executor says and takes down; `answer` is what a client reads."""

    answer: Answer
    data: bytes
    masking: bytes
    errors: list[tuple[str, str]]
    released: Released


@dataclass
class Side:
    """One executor, with what it takes down."""

    execution: Execution
    kept: Kept

    async def ask(
        self,
        who: Caller,
        document: DocumentNode,
        text: str,
        variables: Mapping[str, Any],
        wish: Wish = PLAIN,
    ) -> Told:
        """One operation."""
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        digest = sha256(text.encode()).digest()
        self.kept.accesses.clear()
        try:
            result: Answered | ExecutionResult | IsoModError = await self.execution.run(
                operation, document, digest, dict(variables), who.principal, None, wish
            )
        except IsoModError as refusal:
            result = refusal
        answer = Answer.of(result.body) if isinstance(result, Answered) else answer_of(result)
        errors = [
            (code, str(error.get("path"))) for code, error in zip(answer.codes, answer.errors, strict=True)
        ]
        masking = orjson.dumps(answer.extensions.get("masking"))
        return Told(answer, orjson.dumps(answer.data), masking, sorted(errors), self._released())

    def _released(self) -> Released:
        found: dict[bytes, int] = {}
        for access in self.kept.accesses:
            for bits, subjects in access.released.items():
                for subject in subjects:
                    found[subject] = found.get(subject, 0) | bits
        return found


@dataclass
class Agreement:
    """Both executors on the same data, and the oracles."""

    proof: Proof
    compiled: Side
    reference: Side
    opened: Mapping[UUID, Open]
    """Opens global ids, by tenant."""
    lists: Mapping[UUID, Lists]
    counts: Mapping[UUID, Counts]
    known: dict[tuple[str, str, UUID, str], Seen | None] = field(default_factory=dict)
    reasons: Counter[Unsupported] = field(default_factory=Counter)
    asked: int = 0
    answered: int = 0

    async def differences(self, realm: Realm, oracle: Oracle, who: Caller, operation: Operation) -> list[Any]:
        """Where the three do not agree; an operation that turns a page is asked once more with the cursor."""
        first = {name: value for name, value in operation.variables.items() if name not in operation.follow}
        wrong, answer = await self._once(realm, oracle, who, operation.text, first)
        follow = {name: _cursor(answer.data, path, name) for name, path in operation.follow.items()}
        found = {name: cursor for name, cursor in follow.items() if cursor is not None}
        if not wrong and found:
            wrong, _ = await self._once(realm, oracle, who, operation.text, first | found)
        return wrong

    async def _once(
        self, realm: Realm, oracle: Oracle, who: Caller, text: str, variables: Mapping[str, Any]
    ) -> tuple[list[Any], Answer]:
        schema = self.reference.execution.schema
        plain = parse(text)
        whole = identified(schema, plain)
        # Every second document goes through both executors as it is, and is identified for the oracles only.
        by_itself = sha256(text.encode()).digest()[0] % 2 == 1
        document, asked = (plain, text) if by_itself else (whole, print_ast(whole))
        before = dict(self.compiled.execution.compiler.fallbacks)
        answers = [
            await side.ask(who, document, asked, variables) for side in (self.compiled, self.reference)
        ]
        self.asked += 1
        wishes = [
            one for wish in (DRY, REJECTING)
            for one in await self._wished(who, document, asked, variables, wish, answers[1])
        ]  # fmt: skip
        wrong = [*wishes, *_different(*answers), *self._fallback(document, variables, answers[1], before)]
        judged = answers[1]
        if by_itself and not judged.errors:
            judged = await self.reference.ask(who, whole, "identified " + text, variables)
            if orjson.dumps(anonymous(judged.answer.data)) != answers[1].data:
                wrong.append(("identified", judged.answer.data, answers[1].answer.data))
        if not wrong and not judged.errors:
            wrong = await self._judged(realm, oracle, who, whole, variables, judged)
        report = [asked, dict(variables), who.name, *wrong] if wrong else []
        return report, answers[1].answer

    async def _wished(
        self, who: Caller, document: DocumentNode, text: str, variables: Mapping[str, Any], wish: Wish, plain: Told
    ) -> list[Any]:  # fmt: skip
        """A dry run tells the masks of the answer, a rejection that there are some; neither shows a value or is recorded."""
        before = dict(self.compiled.execution.compiler.fallbacks)
        told = [
            await side.ask(who, document, text, variables, wish) for side in (self.compiled, self.reference)
        ]
        self.compiled.execution.compiler.fallbacks = Counter(before)
        wrong = list(_different(*told))
        masking = plain.answer.extensions.get("masking")
        refused = "data" not in orjson.loads(plain.answer.body) or (
            plain.answer.data is None and plain.errors
        )
        for one in [] if refused else told:
            if wish.dry_run:
                expected = (masking or {"policyVersion": POLICY_VERSION, "fields": []}) | {"dryRun": True}
                if (one.answer.data, one.answer.extensions["masking"], one.released) != (None, expected, {}):
                    wrong.append(("dry", one, plain))
            elif masking is None and (one.data, one.released) != (plain.data, plain.released):
                wrong.append(("not rejected", one, plain))
            elif masking is not None and (one.answer.data, one.answer.codes, one.released) != (
                None, ["MASKED_ANSWER_REJECTED"], {},
            ):  # fmt: skip
                wrong.append(("rejected", one, plain))
        return wrong

    async def judged_wrongly(self, realm: Realm, oracle: Oracle, who: Caller, operation: Operation) -> bool:
        """Whether the oracle of one realm objects when a text of the answer is put wrong."""
        whole = identified(self.reference.execution.schema, parse(operation.text))
        told = await self.reference.ask(who, whole, "wrong " + operation.text, operation.variables)
        wrong = spoilt(told.answer.data)
        if told.errors or wrong == told.answer.data:
            return False
        return bool(
            await self._judged(
                realm,
                oracle,
                who,
                whole,
                operation.variables,
                replace(told, answer=replace(told.answer, data=wrong)),
            )
        )

    async def _judged(
        self, realm: Realm, oracle: Oracle, who: Caller, document: DocumentNode, variables: Mapping[str, Any], told: Told
    ) -> list[Any]:  # fmt: skip
        judge = Judge(
            self.reference.execution.schema, oracle, self.lists[realm.tenant], who, self.proof.store.clock.now(),
            self.opened[realm.tenant], self.known, self.counts[realm.tenant],
        )  # fmt: skip
        self.answered += 1
        coerced = self._coerced(document, variables)
        return await judge.judge(
            document, coerced, told.answer.data, told.answer.extensions.get("masking", {})
        )

    def _coerced(self, document: DocumentNode, variables: Mapping[str, Any]) -> VariableValues:
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        schema = self.reference.execution.schema
        found = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
        assert not isinstance(found, list)
        return found

    def _roots(self, document: DocumentNode, variables: Mapping[str, Any]) -> set[str]:
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        schema, query = self.reference.execution.schema, built()[1].query_type
        fragments = {
            one.name.value: FragmentDetails(one)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        coerced = self._coerced(document, variables)
        found = collect_fields(schema, fragments, coerced, query, operation).grouped_field_set
        return {nodes[0].node.name.value for nodes in found.values()}

    def _fallback(
        self, document: DocumentNode, variables: Mapping[str, Any], told: Told, before: Mapping[Unsupported, int]
    ) -> list[Any]:  # fmt: skip
        """A reason is counted where the compiler did not answer; of rows and lists the only one is a failing field."""
        now = self.compiled.execution.compiler.fallbacks
        reasons = [reason for reason, count in now.items() if count != before.get(reason, 0)]
        self.reasons.update(reasons)
        if Unsupported.FIELD_ERROR in reasons:
            return [] if told.errors else ["fell back without an error"]
        others = bool(reasons) and self._roots(document, variables) - {*ROOTS, "__typename"}
        return [] if others or not reasons else [("fell back", reasons)]


def _different(compiled: Told, reference: Told) -> Iterator[Any]:
    for name in ("data", "masking", "errors", "released"):
        one, other = getattr(compiled, name), getattr(reference, name)
        if one != other:
            yield name, "compiled", one, "reference", other


def spoilt(data: Any) -> Any:  # noqa: ANN401  JSON
    """The answer with every number one too high."""
    if isinstance(data, dict):
        return {key: spoilt(value) for key, value in data.items()}
    if isinstance(data, list):
        return [spoilt(one) for one in data]
    return data + 1 if isinstance(data, int) and not isinstance(data, bool) else data


def _cursor(data: Any, path: tuple[str, ...], name: str) -> str | None:  # noqa: ANN401  JSON
    """One of the cursors of the list at this path."""
    for step in path:
        if isinstance(data, list):
            data = next((one for one in data if one is not None), None)
        elif isinstance(data, dict):
            data = data.get(step)
    if not isinstance(data, dict):
        return None
    info = data.get("pageInfo") or {}
    found = [
        info.get("startCursor"),
        info.get("endCursor"),
        *(edge.get("cursor") for edge in data.get("edges") or ()),
    ]
    cursors = [cursor for cursor in found if isinstance(cursor, str)]
    return cursors[int(name.removeprefix("after")) % len(cursors)] if cursors else None


async def agreement_of(proof: Proof) -> Agreement:
    """On the realms of the proof."""
    kept = Kept(), Kept()
    sides = [
        Side(execution_of(proof.store, compiles=compiles, recorder=one), one)
        for compiles, one in zip((True, False), kept, strict=True)
    ]
    opened = {realm.tenant: await _opener(proof, realm) for realm in proof.realms}
    lists = {
        realm.tenant: Lists(oracle, _rows_of(proof, realm), opened[realm.tenant])
        for realm, oracle in zip(proof.realms, proof.oracles, strict=True)
    }
    counts = {
        realm.tenant: Counts(oracle, _rows_of(proof, realm), opened[realm.tenant])
        for realm, oracle in zip(proof.realms, proof.oracles, strict=True)
    }
    return Agreement(proof, sides[0], sides[1], opened, lists, counts)


def _rows_of(proof: Proof, realm: Realm) -> dict[str, list[UUID]]:
    mine = set(realm.ids.values())
    return {of: [one for one in proof.model_rows[model] if one in mine] for of, (model, _) in FIELDS.items()}


async def _opener(proof: Proof, realm: Realm) -> Open:
    keys = await proof.store.keystore.tenant(realm.tenant)
    codes = {of: built()[2].entity_of_type[of].code for of in FIELDS}
    codes["Person"] = codes["User"]

    def opened(text: str, of: str | None = None) -> UUID | None:
        try:
            found = keys.ids.open(text)
        except IsoModError:
            return None
        return found.row_id if of is None or codes[of] == found.type_code else None

    return opened
