"""A Strawberry schema that writes no log. The endpoint logs failures; Strawberry would add the source with its values."""

import strawberry
from graphql import GraphQLError
from strawberry.types import ExecutionContext


class SilentSchema(strawberry.Schema):
    """Used in place of strawberry.Schema, whose logger quotes the document: an address in it would reach the log."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: errors are published and logged where the answer is written."""
