"""Alembic migrations of the main and the key database. They expand first and contract later, and never wait long for a lock."""
