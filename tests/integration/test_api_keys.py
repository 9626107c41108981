"""`ecluse api-keys` and the settings of the API, as people and scripts meet them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.builders import OTHER_BODY
from tests.integration.command import WIDE, CommandResult, ecluse

KEY_LENGTH = len("ecluse_") + 12 + 1 + 43


def keys(tmp_path: Path, *args: object, **env: str) -> CommandResult:
    database = f"sqlite:///{tmp_path / 'read.db'}"
    return ecluse("api-keys", *args, given=b"", ECLUSE_DATABASE_URL=database, **env)


def test_a_key_is_shown_once_then_listed_revoked_and_audited(tmp_path: Path) -> None:
    made = keys(tmp_path, "create", "ERP", "--read", "all", "--publish", OTHER_BODY, "--json")
    key = json.loads(made.out)
    assert (0, KEY_LENGTH) == (made.code, len(key["key"]))
    (listed,) = json.loads(keys(tmp_path, "list", "--json").out)["keys"]
    assert {"read": ["all"], "publish": [OTHER_BODY]} == listed["rights"]
    assert "key" not in listed
    assert 0 == keys(tmp_path, "revoke", key["key_id"]).code
    assert 3 == keys(tmp_path, "revoke", key["key_id"]).code, "it is no more in force"
    (again,) = json.loads(keys(tmp_path, "list", "--json").out)["keys"]
    assert again["revoked_at"] is not None
    lines = json.loads(keys(tmp_path, "audit", "--json").out)["audit"]
    assert ["key_revoked", "key_created"] == [line["action"] for line in lines]
    assert {key["key_id"]} == {line["subject"] for line in lines}
    assert key["key"] not in json.dumps(lines)


def test_a_key_may_publish_some_types_alone(tmp_path: Path) -> None:
    types = ("--publish-types", "comptable", "--publish-types", "ecluse.bank-account.changed.v1")
    made = json.loads(keys(tmp_path, "create", "T", "--publish", "all", *types, "--json").out)
    chosen = ["comptable", "ecluse.bank-account.changed.v1"]
    (listed,) = json.loads(keys(tmp_path, "list", "--json").out)["keys"]
    assert chosen == made["publish_types"] == listed["publish_types"]
    assert f"publish: all; publish-types: {', '.join(chosen)}" in keys(tmp_path, "list").text
    (line,) = json.loads(keys(tmp_path, "audit", "--json").out)["audit"]
    assert chosen == line["facts"]["publish_types"]


def test_a_key_expires_and_is_rotated(tmp_path: Path) -> None:
    made = keys(tmp_path, "create", "ERP", "--read", "all", "--expires", "2099-01-31", "--json")
    key = json.loads(made.out)
    assert "2099-01-31T23:00:00Z" == key["expires_at"], "the end of that day in France"
    rotated = keys(tmp_path, "rotate", key["key_id"], "--expires", "90d", "--json")
    new = json.loads(rotated.out)
    assert (0, KEY_LENGTH) == (rotated.code, len(new["key"]))
    assert (key["label"], key["rights"]) == (new["label"], new["rights"])
    assert key["key_id"] == new["replaces"]["key_id"]
    assert key["expires_at"] > new["expires_at"] > new["replaces"]["expires_at"]
    listed = keys(tmp_path, "list", "--lang", "en").text
    assert 2 == listed.count("never used, expires ")
    shown = keys(tmp_path, "create", "Tax", "--read", "all", "--expires", "2099-01-31", "--json")
    assert 0 == shown.code
    at = {
        "fr": "jamais utilisée, expire le 01/02/2099 à 00:00",
        "en": "expires 2099-02-01 at 00:00",
    }
    for language, said in at.items():
        assert said in keys(tmp_path, "list", "--lang", language).text
    again = keys(tmp_path, "rotate", key["key_id"], "--overlap", "0h")
    assert (0, True) == (again.code, "gives access until" in again.text)
    gone = keys(tmp_path, "rotate", key["key_id"])
    assert (3, True) == (gone.code, key["key_id"] in gone.err)
    assert "expired " in keys(tmp_path, "list", "--lang", "en").text
    actions = json.loads(keys(tmp_path, "audit", "--json").out)["audit"]
    assert 2 == [line["action"] for line in actions].count("key_rotated")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--expires", "2001-01-31"], "has passed"),
        (["--expires", "0d"], "has passed"),
        (["--expires", "2027-02-30"], "2027-01-31"),
        (["--expires", "31/01/2027"], "2027-01-31"),
        (["--expires", "90"], "90d"),
        (["--expires", "9999-12-31"], "the last day that a key may end on is 9999-12-30"),
        (["--expires", "9999-12-30"], None),
        (["--expires", "99999d"], None),
    ],
)
def test_when_a_key_expires_is_a_day_to_come(
    tmp_path: Path, args: list[str], message: str | None
) -> None:
    answer = keys(tmp_path, "create", "ERP", "--read", "all", *args, "--lang", "en")
    assert (2 if message else 0) == answer.code, answer.err
    assert (message or "") in answer.err


@pytest.mark.parametrize("label", ["", "two\nlines", "red\x1b[31m", "\u202eyadretsey", "a" * 201])
def test_a_name_is_one_line_of_text(tmp_path: Path, label: str) -> None:
    answer = keys(tmp_path, "create", label, "--read", "all", "--lang", "en")
    assert (2, True) == (answer.code, "line break" in answer.err)
    assert label == "" or label not in answer.err


def test_a_name_of_before_is_listed_on_one_line(tmp_path: Path) -> None:
    made = json.loads(keys(tmp_path, "create", "ERP", "--read", "all", "--json").out)
    with closing(sqlite3.connect(tmp_path / "access.db")) as database, database:
        database.execute("UPDATE api_keys SET label = 'ERP' || char(10) || 'zz  (read: all)'")
    lines = keys(tmp_path, "list").text.splitlines()
    assert [True] == [made["key_id"] in line for line in lines]
    assert "ERP\\nzz" in lines[0]


def test_people_read_french_and_english(tmp_path: Path) -> None:
    assert "Aucune clé" in keys(tmp_path, "list", "--lang", "fr").text
    made = keys(tmp_path, "create", "Mairie", "--read", "all", "--lang", "fr")
    first, key = made.text.splitlines()
    assert "ne sera plus jamais montrée" in first
    assert key.startswith("ecluse_")
    assert "never used" in keys(tmp_path, "list", "--lang", "en").text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["create", "ERP"], "--read"),
        (["create", "ERP", "--read", "everything"], "everything"),
        (["create", "ERP", "--read", "123"], "123"),
        (["create", "ERP", "--publish", "all", "--publish-types", "maire"], "maire"),
        (["create", "ERP", "--read", "all", "--publish-types", "comptable"], "--publish"),
    ],
)
def test_a_key_without_a_right_or_of_no_entity_is_usage(
    tmp_path: Path, args: list[Any], message: str
) -> None:
    answer = keys(tmp_path, *args)
    assert (2, True) == (answer.code, message in answer.err)


@pytest.mark.parametrize("command", ["api-keys", "webhooks"])
def test_a_directory_that_is_not_there_is_named(tmp_path: Path, command: str) -> None:
    answer = ecluse(command, "list", "--data", tmp_path / "none", COLUMNS=WIDE)
    assert (2, True) == (answer.code, f"'{tmp_path / 'none'}'" in answer.err)
    assert "ECLUSE_DATABASE_URL" not in answer.err


def test_a_database_that_is_away_is_3(tmp_path: Path) -> None:
    for name, address in (
        ("ECLUSE_ACCESS_URL", "sqlite:////nowhere/at/all/access.db"),
        ("ECLUSE_ACCESS_URL", "postgresql://nobody@127.0.0.1:1/nothing"),
    ):
        answer = keys(tmp_path, "list", **{name: address})
        assert (3, "") == (answer.code, answer.text)
        assert "ECLUSE_ACCESS_URL" in answer.err


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ECLUSE_OIDC_ALGORITHMS", "RS256,HS256", "ECLUSE_OIDC_ALGORITHMS"),
        ("ECLUSE_OIDC_ALGORITHMS", "none", "ECLUSE_OIDC_ALGORITHMS"),
        ("ECLUSE_OIDC_ISSUER", "http://idp.example", "ECLUSE_OIDC_ISSUER"),
        ("ECLUSE_OIDC_ISSUER", "https://idp.example", "OIDC_AUDIENCE"),
        ("ECLUSE_AUTH", "no", "ECLUSE_AUTH"),
        ("ECLUSE_API_PORT", "70000", "ECLUSE_API_PORT"),
        ("ECLUSE_OIDC_CLIENT_ID", "console", "OIDC_ISSUER"),
        ("ECLUSE_OIDC_CLIENT_SECRET", "secret", "OIDC_CLIENT_ID"),
        ("ECLUSE_OIDC_LOGIN_SCOPE", "profile", "ECLUSE_OIDC_LOGIN_SCOPE"),
        ("ECLUSE_OIDC_ENTITIES", "Lille", "ECLUSE_OIDC_ENTITIES"),
        ("ECLUSE_OIDC_ROLES", '{"r": ["write"]}', "ECLUSE_OIDC_ROLES"),
        ("ECLUSE_OIDC_ROLES", "readers", "OIDC_ROLES"),
    ],
)
def test_a_setting_that_means_nothing_is_usage_and_named(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    answer = keys(tmp_path, "list", **{name: value})
    assert (2, True) == (answer.code, message in answer.err)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"sqlite:///{tmp_path / 'elsewhere' / 'access.db'}\n")
    (tmp_path / "elsewhere").mkdir()
    assert 0 == keys(tmp_path, "list", ECLUSE_ACCESS_URL_FILE=str(file)).code
    assert (tmp_path / "elsewhere" / "access.db").exists()
    answer = keys(tmp_path, "list", ECLUSE_ACCESS_URL_FILE=str(tmp_path / "nowhere"))
    assert (3, True) == (answer.code, "ECLUSE_ACCESS_URL_FILE" in answer.err)


def test_serving_without_kafka_must_be_asked_for() -> None:
    answer = ecluse("serve")
    assert (2, True) == (answer.code, "--embedded" in answer.err)


def test_an_address_that_is_taken_is_3(tmp_path: Path) -> None:
    answer = ecluse("serve", "--embedded", "--data", tmp_path / "data", "--bind", "192.0.2.1")
    assert (3, True) == (answer.code, "192.0.2.1:8000" in answer.err)
