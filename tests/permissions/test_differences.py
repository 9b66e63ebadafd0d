"""Two policies compared: every change is named for whom it gives or takes, and what cannot be read is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

import permissions
from permissions.differences import SECTIONS, NotAPolicy, Turn, differences, widens
from permissions.matrix import FORMAT, matrix
from permissions.policy_version import POLICY_VERSION

COMMITTED: Final[dict[str, Any]] = json.loads(
    (Path(permissions.__file__).parent / "policy.json").read_text(encoding="utf-8")
)
CONTACT: Final = "(Contact.address, Contact.email, Contact.phone, User.address, User.email, User.phone)"


def changed(change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str, str]]:
    """The differences between the committed policy and one with this change."""
    other = deepcopy(COMMITTED)
    change(other)
    return [(one.about, one.turn.value, one.says) for one in differences(COMMITTED, other)]


def test_a_policy_does_not_differ_from_itself() -> None:
    assert differences(COMMITTED, deepcopy(COMMITTED)) == ()
    assert not widens(())


def test_the_committed_snapshot_is_the_policy_of_the_code() -> None:
    """Its fields are compared by `isomod policy check`, which knows the schema."""
    assert {**matrix(), "fields": COMMITTED["fields"]} == COMMITTED
    assert (COMMITTED["format"], COMMITTED["policyVersion"]) == (FORMAT, POLICY_VERSION)


def test_a_cell_that_shows_more_is_a_gain_with_its_fields() -> None:
    found = changed(lambda policy: policy["disclosure"]["TECHNICIAN"]["CONTACT"].update(always="MASKED"))

    assert found == [("TECHNICIAN", "+", f"CONTACT: HIDDEN -> MASKED {CONTACT}")]


def test_a_tie_that_is_dropped_is_a_loss_under_that_tie_alone() -> None:
    found = changed(lambda policy: policy["disclosure"]["TECHNICIAN"]["CONTACT"].pop("SAME_TEAM"))

    assert found == [("TECHNICIAN", "-", f"CONTACT: FULL -> HIDDEN when SAME_TEAM {CONTACT}")]


def test_a_base_that_shows_as_much_as_its_ties_makes_no_line_for_them() -> None:
    found = changed(lambda policy: policy["disclosure"]["TECHNICIAN"].update(CONTACT={"always": "FULL"}))

    assert found == [("TECHNICIAN", "+", f"CONTACT: HIDDEN -> FULL {CONTACT}")]


def test_another_form_of_a_mask_is_neither_more_nor_less() -> None:
    found = changed(lambda policy: policy["disclosure"]["MANAGER"]["POSITION"].update(always="MASKED"))

    assert found == [("MANAGER", "~", "POSITION: MASKED AREA -> MASKED")]


def test_rows_actions_scopes_and_purposes() -> None:
    def change(policy: dict[str, Any]) -> None:
        policy["reach"]["VIEWER"]["ASSET"] = "ALL"
        policy["actions"]["AUDITOR"].append("ASSET_UPDATE")
        policy["actions"]["MANAGER"].remove("TEAM_MANAGE")
        policy["scopes"]["users:read"]["rows"].append("ASSET")
        policy["scopes"]["pii:contact"]["without"]["CONTACT"] = "MASKED"
        policy["purposes"]["NOTIFY"]["consent"] = []
        policy["purposes"]["SECURITY"]["categories"].remove("DEVICE")
        policy["rules"]["readsEvidence"].append("MANAGER")
        policy["masks"]["YEAR"]["keeps"] = "the year and the month"

    assert changed(change) == [
        ("VIEWER", "+", "rows of ASSET: SITES -> ALL"),
        ("MANAGER", "-", "may TEAM_MANAGE no more"),
        ("AUDITOR", "+", "may ASSET_UPDATE"),
        ("scope users:read", "+", "rows of ASSET"),
        ("scope pii:contact", "+", "a token without it is shown CONTACT at most: HIDDEN -> MASKED"),
        ("purpose SECURITY", "-", "reads DEVICE no more"),
        ("purpose NOTIFY", "+", "needs consent for CONTACT no more"),
        ("rule readsEvidence", "~", "has MANAGER"),
        ("mask YEAR", "~", "keeps or hides something else"),
    ]


def test_a_field_that_moves_to_another_category_names_every_role_concerned() -> None:
    found = changed(lambda policy: policy["fields"].update({"User.phone": "IDENTITY"}))

    assert found == [
        ("fields", "~", "User.phone: CONTACT PARTIAL_PHONE -> IDENTITY"),
        ("TECHNICIAN", "+", "User.phone: HIDDEN -> FULL"),
        ("REQUESTER", "+", "User.phone: HIDDEN -> MASKED"),
        ("VIEWER", "+", "User.phone: HIDDEN -> MASKED"),
        ("QUALITY_MANAGER", "+", "User.phone: MASKED -> FULL"),
        ("AUDITOR", "+", "User.phone: HIDDEN -> FULL"),
        ("PRIVACY_OFFICER", "+", "User.phone: HIDDEN -> MASKED"),
        ("PARTNER", "+", "User.phone: HIDDEN -> MASKED PSEUDONYM"),
    ]


def test_fields_and_roles_that_come_and_go() -> None:
    def change(policy: dict[str, Any]) -> None:
        policy["fields"]["User.shoeSize"] = "IDENTITY"
        del policy["fields"]["Asset.tag"]
        del policy["reach"]["SUPPORT"]

    assert changed(change) == [
        ("SUPPORT", "-", "rows of TOKEN: OWN -> NONE"),
        ("SUPPORT", "-", "rows of SESSION: OWN -> NONE"),
        ("fields", "-", "Asset.tag is gone: EQUIPMENT"),
        ("fields", "+", "User.shoeSize is new: IDENTITY"),
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_what_is_no_policy_is_refused(section: str) -> None:
    without = {name: part for name, part in COMMITTED.items() if name != section}

    others: tuple[object, ...] = ([], "policy", {**COMMITTED, "format": FORMAT + 1}, without)
    for wrong in others:
        with pytest.raises(NotAPolicy):
            differences(COMMITTED, wrong)


def test_only_losses_widen_nothing() -> None:
    less = deepcopy(COMMITTED)
    less["disclosure"]["VIEWER"]["IDENTITY"]["always"] = "HIDDEN"

    assert {one.turn for one in differences(COMMITTED, less)} == {Turn.LOSS}
    assert not widens(differences(COMMITTED, less))
    assert widens(differences(less, COMMITTED))
