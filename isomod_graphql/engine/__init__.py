"""From a GraphQL operation to rows, projections and bytes. It refuses to know any domain."""
