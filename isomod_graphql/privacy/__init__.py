"""Procedures on a person: rectify, restrict, erase."""
