"""Counts over many rows: by what they are told apart, and what is measured of them. It tells of no single row."""
