"""Rights in PostgreSQL as data: they name what there is, and the page says them."""

import pytest

from services.api.access.tables import SCHEMA as ACCESS
from services.projector.database_rights import EVERY_TABLE, is_form, page, read_rights, statements
from services.projector.engine import SCHEMA
from services.projector.tables import metadata
from services.runtime.kafka.acls import PAGE
from services.treasury.store.tables import SCHEMA as TREASURY


def test_the_page_is_what_make_catalogue_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make catalogue`"


def test_they_name_schemas_and_tables_that_there_are() -> None:
    roles = read_rights().roles.values()
    owned = [schema for role in roles for schema in role.owns]
    assert [SCHEMA, ACCESS, TREASURY] == owned
    assert {*owned} >= {schema for role in roles for schema in role.writes}
    named = {
        (schema, name) for role in roles for schema, all_ in role.reads.items() for name in all_
    }
    known = {(SCHEMA, name) for name in (EVERY_TABLE, *metadata.tables)}
    assert set() == named - known


def test_a_role_is_quoted_whatever_it_is_called() -> None:
    written = "\n".join(statements(read_rights(), "a \"b\" 'c' NAME"))
    assert 'CREATE ROLE "a ""b"" \'c\' api" LOGIN' in written
    assert "to_regrole('\"a \"\"b\"\" ''c'' api\"')" in written
    assert "current_database(), '\"a \"\"b\"\" ''c'' api\"')" in written


@pytest.mark.parametrize(
    "form",
    ["ecluse", "NAME$$", "NAME\n", "NAME\udcff", "NAME" + "é" * 28],
    ids=["all one", "end of a body", "two lines", "no text", "a byte too long"],
)
def test_a_form_that_is_not_a_name_for_each_role_is_refused(form: str) -> None:
    assert not is_form(read_rights(), form)


@pytest.mark.parametrize("form", ["NAME", "NAME%s", "NAME" + "é" * 27])
def test_a_form_may_hold_other_signs(form: str) -> None:
    assert is_form(read_rights(), form)
