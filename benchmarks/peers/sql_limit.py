"""The practical limit: one SQL statement builds the JSON, and its bytes are passed through. It refuses everything but three questions.

There is no GraphQL here: the operation name chooses a statement written by hand.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import asyncpg
import orjson

ROW = """json_build_object(
    'id', w.id, 'number', w.number, 'title', w.title, 'status', w.status,
    'priority', w.priority, 'createdAt', w.created_at, 'dueAt', w.due_at,
    'asset', (
        select json_build_object(
            'id', a.id, 'name', a.name, 'serialNumber', a.serial_number, 'location', (
                select json_build_object('name', l.name)
                from app.location l where l.id = a.location_id
            )
        ) from app.asset a where a.id = w.asset_id
    ),
    'assignee', (
        select json_build_object(
            'id', p.id, 'name', p.name, 'email', p.email, 'jobTitle', p.job_title
        ) from app.person p where p.id = w.assignee_id
    ),
    'requester', (
        select json_build_object('name', p.name, 'email', p.email)
        from app.person p where p.id = w.requester_id
    )
)"""

LIST = f"""
select json_build_object('data', json_build_object('workOrders', json_build_object(
    'nodes', coalesce(json_agg(page.row), '[]'),
    'pageInfo', json_build_object(
        'endCursor', max(page.id)::text,
        'hasNextPage', max(page.id) < (select max(w.id) from app.work_order w)
    )
)))::text
from (
    select w.id, {ROW} as row from app.work_order w where w.id > $1 order by w.id limit $2
) page"""

DETAIL = f"""
select json_build_object('data', json_build_object('workOrder', (
    select {ROW} from app.work_order w where w.id = $1
)))::text"""

NESTED = """
select json_build_object('data', json_build_object('locations', json_agg(json_build_object(
    'name', l.name, 'assets', (
        select json_agg(json_build_object(
            'name', a.name, 'workOrders', (
                select json_agg(json_build_object(
                    'number', w.number, 'title', w.title, 'assignee', (
                        select json_build_object('name', p.name)
                        from app.person p where p.id = w.assignee_id
                    )
                )) from (
                    select * from app.work_order where asset_id = a.id order by id limit 5
                ) w
            )
        )) from (select * from app.asset where location_id = l.id order by id limit 10) a
    )
))))::text
from (select * from app.location order by id limit 10) l"""

Message = dict[str, Any]


def arguments(operation: str, variables: Mapping[str, Any]) -> list[int]:
    """Of the statement of this operation."""
    if operation == "List":
        return [int(variables["after"] or 0), variables["first"]]
    return [variables["id"]] if operation == "Detail" else []


class Limit:
    """An ASGI application with eight connections."""

    statements: ClassVar[Mapping[str, str]] = {"List": LIST, "Detail": DETAIL, "Nested": NESTED}

    def __init__(self) -> None:
        self._pool: asyncpg.Pool | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serves until the server shuts down."""
        if scope["type"] == "lifespan":
            await receive()
            self._pool = pool = await asyncpg.create_pool(min_size=8, max_size=8)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        reply = await self._reply(orjson.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    async def _reply(self, request: Mapping[str, Any]) -> bytes:
        operation = request["operationName"]
        given = arguments(operation, request["variables"])
        assert self._pool is not None
        text: str = await self._pool.fetchval(self.statements[operation], *given)
        return text.encode()


app = Limit()
