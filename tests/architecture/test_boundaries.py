"""Roles live in the policy, commits and BEGIN in one place each, and a module's name says what it is about."""

from tests.architecture.boundaries import commits, role_names, transaction_openers, vague_names
from tests.architecture.sources import ROOT, Source, python_sources


def test_no_role_is_named_outside_the_policy() -> None:
    assert role_names(python_sources()) == []


def test_a_role_is_found_as_an_attribute_and_as_a_string() -> None:
    text = "allowed = role is Role.MANAGER\nif role == 'TECHNICIAN':\n    'ADMIN'\n"

    found = role_names(
        [Source("isomod_graphql/assets/rules.py", text), Source("permissions/grants.py", text)]
    )

    assert found == [
        "isomod_graphql/assets/rules.py:2 TECHNICIAN",
        "isomod_graphql/assets/rules.py:1 Role.MANAGER",
    ]


def test_an_exception_needs_a_reason_of_three_words() -> None:
    text = "a = 'ADMIN'  # reason: because\nb = 'ADMIN'  # reason: the law names it\n"

    assert role_names([Source("isomod_graphql/a.py", text)]) == ["isomod_graphql/a.py:1 ADMIN"]


def test_nothing_but_the_transaction_and_the_keystore_commits() -> None:
    assert commits(python_sources()) == []


def test_a_service_that_commits_is_named() -> None:
    service = Source(
        "isomod_graphql/assets/service.py", "async def f() -> None:\n    await session.commit()\n"
    )

    assert commits([service]) == ["isomod_graphql/assets/service.py:2"]


def test_at_most_one_function_writes_begin() -> None:
    assert len(transaction_openers(python_sources())) <= 1, transaction_openers(python_sources())


def test_a_function_that_writes_begin_is_named_and_a_stored_procedure_is_not() -> None:
    text = "def f() -> None:\n    run('BEGIN READ ONLY')\n\n\ndef g() -> None:\n    run('CREATE FUNCTION x BEGIN')\n"

    assert transaction_openers([Source("schema/a.py", text)]) == ["schema/a.py f"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert vague_names([source.path for source in python_sources()]) == []


def test_a_vague_file_and_a_vague_folder_are_named() -> None:
    paths = ["isomod_graphql/core/utils.py", "schema/common/a.py", "schema/baseline.py"]

    assert vague_names(paths) == ["isomod_graphql/core/utils.py", "schema/common/a.py"]


def test_the_product_package_opens_with_nothing() -> None:
    assert (ROOT / "isomod_graphql" / "__init__.py").read_text(encoding="utf-8") == ""
