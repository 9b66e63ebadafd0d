"""The access policy of the product, readable on its own: tables and pure functions; it reads no data and opens no connection."""
