"""The kinds of data the product holds and how long each is kept; it never says who may see them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Category(StrEnum):
    """Who may see a value is decided by its category alone."""

    IDENTITY = "IDENTITY"
    """Name, job title, avatar, teams."""
    CONTACT = "CONTACT"
    """E-mail address, phone number, postal address."""
    PAY = "PAY"
    """Hourly rates and what is computed from them."""
    TIME = "TIME"
    """Hours worked, shifts, time entries."""
    POSITION = "POSITION"
    """Coordinates captured at a check-in."""
    DEVICE = "DEVICE"
    """IP address, browser, operating system, last seen."""
    COMMUNICATION = "COMMUNICATION"
    """Messages to support and feedback."""
    NOTES = "NOTES"
    """Free text that may speak of people."""
    CREDENTIAL = "CREDENTIAL"
    """Password hashes, second factors, token hashes: shown to nobody, ever."""
    OPERATIONAL = "OPERATIONAL"
    """Work orders, checklists, parts: visible with their row."""
    EQUIPMENT = "EQUIPMENT"
    """Assets, serial numbers, calibration: visible with their row."""
    AUDIT = "AUDIT"
    """Who did what and when."""


class Keep(StrEnum):
    """When the key of a value dies."""

    ACCOUNT = "ACCOUNT"
    OPERATIONAL = "OPERATIONAL"
    POSITION = "POSITION"
    SUPPORT = "SUPPORT"
    SECURITY = "SECURITY"
    EVIDENCE = "EVIDENCE"
    AUDIT = "AUDIT"


WEEKLY: Final[frozenset[Keep]] = frozenset({Keep.POSITION, Keep.SECURITY})
"""Kept under one key per week, which dies when its oldest value reaches the limit."""

PERSONAL_ORDER: Final[tuple[Category, ...]] = (
    Category.IDENTITY,
    Category.CONTACT,
    Category.PAY,
    Category.TIME,
    Category.POSITION,
    Category.DEVICE,
    Category.COMMUNICATION,
    Category.NOTES,
    Category.AUDIT,
)
"""The columns of the disclosure table, in its order."""

PERSONAL: Final[frozenset[Category]] = frozenset(PERSONAL_ORDER)

ROW_RULED: Final[frozenset[Category]] = frozenset({Category.OPERATIONAL, Category.EQUIPMENT})
"""Visible exactly where their row is visible."""

POLICY_SECTION: Final[Mapping[Category, str]] = MappingProxyType(
    {
        Category.IDENTITY: "1. Data We Collect: Account data",
        Category.CONTACT: "1. Data We Collect: Account data",
        Category.PAY: "1. Data We Collect: Work order and operational data",
        Category.TIME: "1. Data We Collect: Work order and operational data",
        Category.POSITION: "1. Data We Collect: Location data",
        Category.DEVICE: "1. Data We Collect: Device and usage data",
        Category.COMMUNICATION: "1. Data We Collect: Communications",
        Category.NOTES: "1. Data We Collect: Work order and operational data",
        Category.CREDENTIAL: "1. Data We Collect: Account data",
        Category.OPERATIONAL: "1. Data We Collect: Work order and operational data",
        Category.EQUIPMENT: "1. Data We Collect: Equipment and asset data",
        Category.AUDIT: "4. Data Retention: Audit logs",
    }
)
"""The section of the privacy policy that tells the data subject about the category."""
