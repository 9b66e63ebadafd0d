"""Tenants and their contracts. It refuses to know who works there."""
