"""Machines and their parts, where they stand and in whose care."""
