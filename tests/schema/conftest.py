"""Gives the proofs of this room their realms and their way to ask; makes nothing itself."""

from tests.engine.proving import ask, ask_at_the_door, proof

__all__ = ["ask", "ask_at_the_door", "proof"]
