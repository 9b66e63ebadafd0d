"""What a verb raises when it cannot do what it is for. It imports nothing, so that a verb fails as fast as it starts."""


class Failed(Exception):
    """The text says why, for whoever typed the command; it quotes no secret."""
