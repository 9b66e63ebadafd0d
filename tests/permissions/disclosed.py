"""What every role is shown of each personal category, written down as outcomes; it imports no table and computes nothing from one."""

from typing import Final

WRITTEN: Final = """
# F full, M masked, H hidden; ?: a tie would show more, $: a scope would; M:AREA: the mask of that form
# role          by               IDENTITY    CONTACT PAY TIME        POSITION DEVICE COMMUNICATION NOTES AUDIT
ADMIN           -                     F           F  F   F           H?       H      H             F     F
ADMIN           LOGGED_REASON         F           F  F   F           F        H      H             F     F
MANAGER         -                     F           F  H   F           M:AREA   H      H             F     H
TECHNICIAN      -                     F           H? H   H           H        H      H             F     H
TECHNICIAN      SAME_OPEN_ORDER       F           F  H   H           H        H      H             F     H
TECHNICIAN      SAME_TEAM             F           F  H   H           H        H      H             F     H
REQUESTER       -                     M?          H? H   H           H        H      H             H?    H
REQUESTER       ASSIGNED_TO_MINE      F           H? H   H           H        H      H             H?    H
REQUESTER       ASSIGNED_TO_MINE_OPEN M?          F  H   H           H        H      H             H?    H
REQUESTER       OWN                   M?          H? H   H           H        H      H             F     H
VIEWER          -                     M?          H  H   H           H        H      H             H     H
VIEWER          SAME_TEAM             F           H  H   H           H        H      H             H     H
QUALITY_MANAGER -                     F           M  H   M:DAY_TOTAL H        H      H             F     H
AUDITOR         -                     F           H  H   M           H        H      H             M:SPANS_OUT H
PRIVACY_OFFICER -                     M?          H? H?  H?          H?       H?     H?            H?    F
PRIVACY_OFFICER REQUEST_SUBJECT       F           F  F   F           F        F      F             F     F
SUPPORT         -                     H?          H? H   H           H        H      H             H     H
SUPPORT         SUPPORT_GRANT         F           F  H   H           H        H      H             H     H
PARTNER         -                     M:PSEUDONYM$ H$ H  H$          H        H      H             H     H
PARTNER         session               M:PSEUDONYM H  H   H           H        H      H             H     H
PARTNER         pii:identity          F           H$ H   H$          H        H      H             H     H
PARTNER         pii:contact           M:PSEUDONYM$ F H   H$          H        H      H             H     H
PARTNER         pii:time              M:PSEUDONYM$ H$ H  F           H        H      H             H     H
"""
"""Of a row that the role reaches and a person who agrees to everything that rests on consent. A tie or a scope without a line shows what `-` shows; `session` is what the table alone says, under no token; a person sees all of themselves."""

COLUMNS: Final = (
    *("IDENTITY", "CONTACT", "PAY", "TIME", "POSITION", "DEVICE", "COMMUNICATION", "NOTES", "AUDIT"),
)


def outcomes() -> dict[tuple[str, str], dict[str, str]]:
    """By role and what raises it: the outcome per category."""
    rows = [line.split() for line in WRITTEN.strip().splitlines() if not line.startswith("#")]
    return {(role, by): dict(zip(COLUMNS, shown, strict=True)) for role, by, *shown in rows}
