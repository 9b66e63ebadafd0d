"""The failures of the product: small classes with a stable code. They refuse to carry a value that a user sent."""

from typing import ClassVar


class IsoModError(Exception):
    """A failure that a caller may see. `code` is stable; `message` is written by us and echoes nothing."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    message: str = "Something went wrong."

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """Message overrides the class's own; field names the input field at fault (its name, never its value)."""
        self.message = message or type(self).message
        self.field = field
        super().__init__(self.message)


class Refusal(IsoModError):
    """An expected refusal of business input; a mutation answers it as data in `userErrors`."""


class NotFound(Refusal):
    """The id names nothing that the caller can reach; unknown, foreign and unreachable ids are alike."""

    code = "NOT_FOUND"
    message = "Nothing was found under this id."


class BadInput(Refusal):
    """The input breaks a rule that the schema cannot say."""

    code = "BAD_USER_INPUT"
    message = "The input is not valid."


class MaskedValueRejected(Refusal):
    """A masked value was sent back; writing it would destroy the value behind it."""

    code = "MASKED_VALUE_REJECTED"
    message = "A masked value cannot be written back."


class StaleVersion(Refusal):
    """`expectedVersion` is not the version stored."""

    code = "STALE_VERSION"
    message = "The record has changed since it was read."


class IdempotencyConflict(Refusal):
    """The idempotency key was used before with other input."""

    code = "IDEMPOTENCY_CONFLICT"
    message = "This idempotency key was used with other input."


class Conflict(Refusal):
    """Another record already holds what must be unique."""

    code = "CONFLICT"
    message = "Another record already has this value."


class ProcessingRestricted(Refusal):
    """GDPR Article 18: the subject's data may be stored, not used."""

    code = "PROCESSING_RESTRICTED"
    message = "Processing of this person's data is restricted."


class SubjectErased(Refusal):
    """GDPR Article 17: the subject's data is gone."""

    code = "SUBJECT_ERASED"
    message = "This person has been erased."


class SoleAdmin(Refusal):
    """The last administrator cannot leave, be deactivated or be erased before handing over."""

    code = "SOLE_ADMIN"
    message = "The last administrator must hand over first."


class Unauthenticated(IsoModError):
    """Nobody is signed in, or the credential is unknown, expired or revoked."""

    code = "UNAUTHENTICATED"
    message = "Sign in to continue."


class Forbidden(IsoModError):
    """The caller may not do this."""

    code = "FORBIDDEN"
    message = "You may not do this."


class StepUpRequired(IsoModError):
    """A fresh proof of identity is needed."""

    code = "STEP_UP_REQUIRED"
    message = "Confirm your identity first."


class FieldNotReadable(IsoModError):
    """A filter, sort, group or search uses what the viewer cannot read raw."""

    code = "FIELD_NOT_READABLE"
    message = "This query filters or sorts by a field that you cannot read in full."


class ColumnNotReadable(IsoModError):
    """An export names a column that the caller does not read raw in every row; nothing of it leaves."""

    code = "COLUMN_NOT_READABLE"
    message = "This export names a column that you cannot read in full."


class ExportTooLarge(IsoModError):
    """An export would have more rows than one may have."""

    code = "EXPORT_TOO_LARGE"
    message = "The export has too many rows. Narrow its filter."


class ExportsBusy(IsoModError):
    """As many exports as may run at once are running, or the caller's own is."""

    code = "EXPORTS_BUSY"
    message = "Another export is running. Try again when it has ended."


class MaskedAnswerRejected(IsoModError):
    """The request wants no answer in which anything is masked (`onMasked: REJECT`), and this one would be."""

    code = "MASKED_ANSWER_REJECTED"
    message = "The answer would hold masked fields, and the request wants none then."


class KeystoreUnavailable(IsoModError):
    """The key database cannot be reached; sealed fields cannot be read or written."""

    code = "KEYSTORE_UNAVAILABLE"
    message = "Personal data cannot be read or written at the moment."


class KeyDestroyed(IsoModError):
    """The data key was destroyed; what it sealed is gone for good."""

    code = "SUBJECT_ERASED"
    message = "This data has been erased."


class AccessRecordUnavailable(IsoModError):
    """Who is shown whose data could not be written down, so the answer is withheld."""

    code = "ACCESS_RECORD_UNAVAILABLE"
    message = "The answer is withheld because access to personal data cannot be recorded at the moment."


class ServiceUnavailable(IsoModError):
    """A part that the request needs does not answer."""

    code = "SERVICE_UNAVAILABLE"
    message = "The service is not available at the moment."


class StatementTimeout(IsoModError):
    """The database cancelled a statement that ran too long."""

    code = "REQUEST_TIMEOUT"
    message = "The request took too long and was stopped."
