"""Gives the tests of this room their organisation; makes nothing itself."""

from tests.analytics.crowd import crowd

__all__ = ["crowd"]
