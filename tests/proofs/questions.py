"""HTTP requests made from the schema: woven queries, changes with sound and unsound inputs, documents that are wrong in every way, and every other door. They hold no expectation."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, cast
from urllib.parse import urlencode

import orjson
from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema, Undefined, get_named_type

from tests.engine.documents import selection
from tests.engine.graph import built
from tests.engine.weaving import ROOTS, Operation, Spelled, Weaver, Words
from tests.proofs.exports import drawn_export
from tests.proofs.house import ACCEPT, JSON, Sent

Question = tuple[str, Mapping[str, Any]]
EVERYTHING: Final = (*ROOTS, "organisation", "sessions", "apiTokens", "partnerClients", "consents")
SLOW: Final = frozenset({"signIn", "stepUp", "changePassword", "resetPassword", "acceptInvitation"})
"""They hash a password; each is asked once (`KNOCKS`)."""
PEOPLE: Final = ("User", "Contact")
KINDS: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(("assigneeId", "assigneeIds", "requesterId", "custodianId", "subjectId", "personId"), PEOPLE),
    **dict.fromkeys(("siteId", "siteIds", "locationId"), ("Location",)),
    "parentId": ("Location", "Asset"), "assetId": ("Asset",), "workOrderId": ("WorkOrder",), "teamId": ("Team",),
}  # fmt: skip
"""What the ids of an input name."""
SAID: Final[Mapping[str, Sequence[Any]]] = {
    "Float": (51.05, -3.7, 0.0, 200.0), "Boolean": (True, False), "Date": ("2026-11-05",),
    "PhoneNumber": ("+32470112233", "+3225551234"), "timeZone": ("Europe/Brussels", "Nowhere"),
    "idempotencyKey": ("k1", "k2"), "locale": ("en", "nl", "xx"), "networks": ("10.0.0.0/8", "x"),
    "expectedVersion": (1, 1, 1, 1, 1, 1, 1, 2), "expiresAt": ("2026-11-20T09:00:00Z", "2026-10-01T00:00:00Z"),
}  # fmt: skip
WRONG: Final = (
    "{{ users(first: 2, orderBy: {0}) {{ totalCount }} }}",
    "{{ users(first: 2, filter: {{{0}: 1}}) {{ totalCount }} }}",
    "{{ users(first: 2, filter: {{status: [{0}]}}) {{ totalCount }} }}",
    '{{ users(first: 2, after: "{0}") {{ totalCount }} }}',
    '{{ users(first: "{0}") {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{siteId: "{0}"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{email: "{0}"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{email: "{0}@{0}.example"}}) {{ totalCount }} }}',
    '{{ users(first: 2, filter: {{namePrefix: "quirin{0}"}}) {{ totalCount }} }}',
    '{{ node(id: "{0}") {{ id }} nodes(ids: ["{0}", "x"]) {{ id }} user(id: "{0}") {{ id }} }}',
    '{{ assets(first: 2, filter: {{tag: "{0}", namePrefix: "{0}"}}) {{ totalCount }} }}',
    '{{ workOrders(first: 2, filter: {{createdAt: {{gte: "{0}"}}}}) {{ totalCount }} }}',
    '{{ viewer {{ viewerAccess(fields: ["{0}"]) {{ field read }} }} }}',
    'mutation {{ updateWorkOrder(input: {{workOrderId: "{0}", title: "{0}", {0}: 1}}) {{ userErrors {{ code message }} }} }}',
    'mutation {{ assignRole(input: {{personId: "{0}", role: {0}}}) {{ userErrors {{ code message }} }} }}',
    'mutation {{ rectifyPersonalData(input: {{subjectId: "{0}", corrections: {{email: "{0}"}}}}) {{ userErrors {{ code field message }} }} }}',
    'mutation {{ updateAsset(input: {{assetId: "{0}", description: "{0}"}}) {{ userErrors {{ code field message }} }} }}',
    "mutation {{ {0}(input: {{}}) {{ userErrors {{ code }} }} }}",
    "{{ {0} }}",
    "{{ viewer {{ {0} }} }}",
    "query {0} ($x: {0}) {{ viewer {{ id @{0} }} }}",
    "{{ viewer {{ id }} }} }} {0}",
    '{{ viewer {{ id("{0}") }} }}',
    "subscription {{ {0} }}",
    "fragment {0} on {0} {{ id }} {{ viewer {{ ...{0} }} }}",
)
REVEALING: Final = (
    "{{ users(first: 50, orderBy: {order}) {{ totalCount pageInfo {{ endCursor }} nodes {{ id displayName }} }} }}",
    "{{ users(first: 50, filter: {{email: {email}}}) {{ totalCount edges {{ cursor }} }} }}",
    "{{ users(first: 50, filter: {{namePrefix: {text}}}, orderBy: {order}) {{ totalCount nodes {{ id }} }} }}",
    "{{ assets(first: 50, filter: {{custodianId: {person}}}) {{ totalCount nodes {{ id }} }} }}",
    "{{ workOrders(first: 50, filter: {{assetId: {asset}}}) {{ totalCount nodes {{ id }} }} }}",
    "{{ workOrders(first: 50, filter: {{assigneeId: {person}}}) {{ totalCount nodes {{ id }} }} }}",
    "{{ workOrders(first: 50, filter: {{requesterId: {person}}}) {{ totalCount nodes {{ id }} }} }}",
    "{{ locations(first: 50, filter: {{namePrefix: {text}}}) {{ totalCount nodes {{ id }} }} }}",
)
"""Lists by what may be somebody's."""
ORDERS: Final = ("NAME_ASC", "NAME_DESC", "PSEUDONYM_ASC")
VARIABLES: Final = (
    ("query ($by: UserOrder!) { users(first: 2, orderBy: $by) { totalCount } }", "by"),
    ("query ($given: UserFilter) { users(first: 2, filter: $given) { totalCount } }", "given"),
    ("query ($after: Cursor) { users(first: 2, after: $after) { totalCount } }", "after"),
    ("query ($email: EmailAddress) { users(first: 2, filter: {email: $email}) { totalCount } }", "email"),
    ("query ($first: PageSize!) { users(first: $first) { totalCount } }", "first"),
    ("query ($id: ID!) { node(id: $id) { id } }", "id"),
    (
        "mutation ($given: CreateWorkOrderInput!) { createWorkOrder(input: $given) { userErrors { code field message } } }",
        "given",
    ),
    (
        "mutation ($given: RectifyPersonalDataInput!) { rectifyPersonalData(input: $given) { userErrors { code field message } } }",
        "given",
    ),
)
KNOCKS: Final = (
    'mutation {{ signIn(input: {{email: "{0}@{0}.example", password: "{0} {0}"}}) {{ csrfToken userErrors {{ code field message }} }} }}',
    'mutation {{ acceptInvitation(input: {{token: "{0}", password: "{0} {0} {0}"}}) {{ userErrors {{ code field message }} }} }}',
    'mutation {{ resetPassword(input: {{token: "{0}", newPassword: "{0} {0} {0}"}}) {{ userErrors {{ code field message }} }} }}',
    'mutation {{ requestPasswordReset(input: {{email: "{0}@{0}.example"}}) {{ userErrors {{ code field message }} }} }}',
    'mutation {{ verifyEmail(input: {{token: "{0}"}}) {{ userErrors {{ code field message }} }} }}',
)
"""Ways in, with one text wherever a text may stand."""


@dataclass(eq=False)
class Changer(Weaver):
    """Weaves a mutation instead of a query; ids and texts are those that its fields ask for, more often than not."""

    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    naming: str = ""

    def operation(self) -> Operation:
        """One change, seldom two."""
        of: Any = self.schema.mutation_type
        names = [name for name in (of.fields if of is not None else ()) if name not in SLOW] or ["__typename"]
        chosen = [self.one_of(names) for _ in range(2 if self.chance(8) else 1)]
        body = " ".join(f"{self.fresh('m')}: {self._change(of, name)}" for name in chosen)
        head = f"({', '.join(self.declared)})" if self.declared else ""
        return Operation(f"mutation {head} {{ {body} }}\n" + "\n".join(self.fragments), self.variables)

    def _change(self, of: Any, name: str) -> str:  # noqa: ANN401  an object type
        if name == "__typename":
            return name
        one = of.fields[name]
        payload: Any = get_named_type(one.type)
        given = [f"{argument}: {self._said(argument, arg.type)}" for argument, arg in one.args.items()]
        self.fields = 25
        body = self.selection(payload, 3, (name,))
        errors = "userErrors { code field message } }" if "userErrors" in payload.fields else "}"
        return f"{name}{'(' + ', '.join(given) + ')' if given else ''} {body[:-1]} {errors}"

    def _said(self, name: str, of: Any) -> str:  # noqa: ANN401  an input type
        self.naming = name
        return self.value(of, plain=True)[0] if self.chance(50) else self._variable(of)

    def _object(self, of: GraphQLInputObjectType, *, plain: bool) -> Spelled:
        needed = [
            name
            for name, one in of.fields.items()
            if isinstance(one.type, GraphQLNonNull) and not _defaults(one)
        ]
        others = [name for name in of.fields if name not in needed]
        chosen = [*needed, *self.random.sample(others, min(len(others), self.random.randint(0, 2)))]
        if self.chance(3) and needed:
            chosen.remove(self.one_of(needed))
        texts, values, outer = [], {}, self.naming
        for name in chosen:
            self.naming = name
            literal, values[name] = self.value(of.fields[name].type, plain=plain)
            texts.append(f"{name}: {literal}")
        self.naming = outer
        return "{" + ", ".join(texts) + "}", values

    def _some(self, of: Any, *, plain: bool) -> Spelled:  # noqa: ANN401  as above
        named = SAID.get(self.naming, SAID.get(getattr(of, "name", ""), ()))
        if named and not hasattr(of, "of_type") and not hasattr(of, "fields"):
            said = self.one_of(named)
            return orjson.dumps(said).decode(), said
        return super()._some(of, plain=plain)

    def _texts(self, name: str) -> Sequence[str]:
        wanted = [text for kind in KINDS.get(self.naming, ()) for text in self.kinds.get(kind, ())]
        return wanted if name == "ID" and wanted and self.chance(94) else super()._texts(name)


def _defaults(one: Any) -> bool:  # noqa: ANN401  an input field
    return one.default_value is not Undefined


@dataclass(frozen=True)
class Drawn:
    """A request, what it asks with which cursors left open, and whether it may change something."""

    sent: Sent
    operation: Operation
    changes: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """What the requests of one caller may say."""

    schema: GraphQLSchema
    whole: GraphQLSchema
    words: Words
    changing: Words
    kinds: Mapping[str, Sequence[str]]
    hidden: Sequence[str]
    """Texts that stand in values of somebody."""


def post(text: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Sent:  # noqa: ANN401  members of the body
    """The ordinary request."""
    body = orjson.dumps({"query": text, "variables": dict(variables or {}), **more})
    return Sent("POST", "/graphql", headers=(JSON, ACCEPT), body=body)


def get(text: str, variables: Mapping[str, Any]) -> Sent:
    """The same as a link."""
    query = urlencode({"query": text, "variables": orjson.dumps(dict(variables)).decode()})
    return Sent("GET", "/graphql", query=query.encode("ascii"), headers=(ACCEPT,))


def drawn(vocabulary: Vocabulary, random: Random) -> Drawn:
    """One request: of twenty, eight ask, five change, three compare, one reads everything, one exports, two are wrong."""
    turn = random.randrange(20)
    schema = vocabulary.schema if random.randrange(4) else vocabulary.whole
    if turn < 2:
        return _wrong(vocabulary, random)
    if turn < 5:
        words = vocabulary.words
        people = [*vocabulary.kinds["User"], *vocabulary.kinds["Contact"]]
        said = {
            "email": words.emails,
            "text": words.texts,
            "person": people,
            "asset": vocabulary.kinds["Asset"],
        }
        given = {name: orjson.dumps(random.choice(known)).decode() for name, known in said.items()}
        text = random.choice(REVEALING).format(order=random.choice(ORDERS), **given)
        return Drawn(post(text), Operation(text))
    if turn == 5:
        text = every_cell(vocabulary)
        return Drawn(post(text, vocabulary.kinds), Operation(text))
    if turn < 11:
        changer = Changer(schema, vocabulary.changing, random, kinds=vocabulary.kinds)
        operation = changer.operation()
        key = ((b"idempotency-key", b"same"),) if random.randrange(8) == 0 else ()
        sent = post(operation.text, operation.variables)
        return Drawn(
            Sent(sent.method, sent.path, headers=(*sent.headers, *key), body=sent.body),
            operation,
            changes=True,
        )
    if turn == 11:
        return Drawn(drawn_export(schema, vocabulary.words, random), Operation("{ __typename }"))
    operation = Weaver(schema, vocabulary.words, random, roots=EVERYTHING).operation()
    return Drawn(asked(operation, operation.variables, random), operation)


def _wrong(vocabulary: Vocabulary, random: Random) -> Drawn:
    """A document that is wrong, or a value of a variable, with somebody's text in the wrong place."""
    hidden = random.choice(vocabulary.hidden)
    if random.randrange(2):
        text = random.choice(WRONG).format(hidden)
        return Drawn(post(text), Operation(text), changes=text.startswith("mutation"))
    text, name = random.choice(VARIABLES)
    value = random.choice(
        [hidden, [hidden], {hidden: hidden}, {"email": hidden}, {"namePrefix": hidden}, None]
    )
    return Drawn(post(text, {name: value}), Operation(text), changes=text.startswith("mutation"))


def every_cell(vocabulary: Vocabulary) -> str:
    """Every value and link of every row that the caller's schema has; its variables are ids by kind."""
    kinds = [
        of for of in vocabulary.kinds if of in vocabulary.schema.type_map and "node" in _roots(vocabulary)
    ]
    if not kinds:
        return "{ __typename }"
    declared = ", ".join(f"${of}: [ID!]!" for of in kinds)
    asking = (
        f"all{of}: nodes(ids: ${of}) {{ ... on {of} {{ {selection(vocabulary.schema, built()[2], of)} }} }}"
        for of in kinds
    )
    return f"query ({declared}) {{ {' '.join(asking)} }}"


def _roots(vocabulary: Vocabulary) -> Mapping[str, Any]:
    query: Any = vocabulary.schema.query_type
    return cast("Mapping[str, Any]", query.fields)


def asked(operation: Operation, variables: Mapping[str, Any], random: Random) -> Sent:
    """A query, as a rule by POST; sometimes with a wish about masks, or for an explanation."""
    said = {name: value for name, value in variables.items() if name not in operation.follow}
    turn = random.randrange(20)
    if turn == 0:
        return get(operation.text, said)
    if turn < 3:
        wish = {"masking": random.choice([{"onMasked": "REJECT"}, {"dryRun": True}, {"onMasked": "NULL"}])}
        return post(operation.text, said, extensions=wish)
    sent = post(operation.text, said)
    explain = ((b"isomod-explain", b"plan"),) if turn < 5 else ()
    return Sent(sent.method, sent.path, headers=(*sent.headers, *explain), body=sent.body)


def doors(text: str) -> Iterator[Sent]:
    """Every other way to knock, with this text wherever a text may stand."""
    raw = text.encode("ascii")
    form = (b"content-type", b"application/x-www-form-urlencoded")
    basic = (b"authorization", b"Basic " + b64encode(raw + b":" + raw))
    for method in ("OPTIONS", "PUT", "DELETE", "HEAD", "PATCH", "TRACE"):
        yield Sent(method, "/graphql", query=b"query=" + raw)
    for path in ("/healthz", "/readyz", "/metrics", "/graphiql", "/console/session", "/.well-known/oauth-authorization-server",
                 "/account/reset-password", f"/account/{text}", f"/console/assets/{text}.js", f"/{text}", "/oauth/token"):  # fmt: skip
        for method in ("GET", "POST", "OPTIONS"):
            yield Sent(method, path, query=b"token=" + raw, headers=((b"cookie", b"__Host-isomod=" + raw),))
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/introspect"):
        for said in (
            {"grant_type": "client_credentials", "scope": text, "client_id": text, "client_secret": text},
            {"grant_type": text, "token": text, text: text},
            {
                "grant_type": "client_credentials",
                "token": text,
                "authorization_details": f'[{{"type": "{text}"}}]',
            },
        ):
            yield Sent("POST", path, headers=(form,), body=urlencode(said).encode("ascii"))
            yield Sent("POST", path, headers=(form, basic), body=urlencode(said).encode("ascii"))
        yield Sent("POST", path, headers=(JSON,), body=raw)
    query = b'{"query":"{ viewer { id } }"}'
    for name in (b"authorization", b"cookie", b"accept", b"content-type", b"content-encoding", b"origin", b"host", b"x-csrf-token",
                 b"idempotency-key", b"isomod-explain", b"x-forwarded-for", b"traceparent", b"user-agent"):  # fmt: skip
        yield Sent("POST", "/graphql", headers=(JSON, (name, raw)), body=query)
    yield Sent("POST", "/graphql", headers=(JSON, (b"authorization", b"Bearer " + raw)), body=query)
    for body in (raw, b'{"query":"' + raw, b'["' + raw + b'"]', b'{"query":{"a":"' + raw + b'"}}', b'{"variables":{"a":"' + raw + b'"}}',
                 b'{"query":"{ viewer { id } }","operationName":"' + raw + b'"}', b'{"extensions":{"persistedQuery":{"sha256Hash":"' + raw + b'"}}}',
                 b'{"query":"{ viewer { id } }","extensions":{"masking":{"onMasked":"' + raw + b'"}}}', b"\xff" + raw):  # fmt: skip
        yield Sent("POST", "/graphql", headers=(JSON, ACCEPT), body=body)
