"""Why nobody gets in: small classes with stable codes. They refuse to tell which part of a proof was wrong."""

from isomod_graphql.core.errors import Conflict, Refusal


class SignInFailed(Refusal):
    """The proof is not accepted: unknown, wrong, disabled, no member there, or too soon after failures; nobody can tell which."""

    code = "INVALID_CREDENTIALS"
    message = "The address or the password is not right, or there were too many attempts. Wait a moment and try again."


class WeakPassword(Refusal):
    """The password would be guessed."""

    code = "WEAK_PASSWORD"
    message = "Choose a longer or less common password."


class TokenInvalid(Refusal):
    """A one-use token that is unknown, used or too old; nobody can tell which."""

    code = "TOKEN_INVALID"
    message = "This link has been used or is too old. Ask for a new one."


class AlreadyMember(Conflict):
    """The person is a member, or was invited, already."""

    message = "This person is a member already."


class RoleHeld(Conflict):
    """The person holds this role there already."""

    message = "This person holds this role already."


class SessionRequired(Refusal):
    """A bearer token was used for what belongs to a sign-in session."""

    code = "SESSION_REQUIRED"
    message = "This needs a sign-in session; a token has none."
