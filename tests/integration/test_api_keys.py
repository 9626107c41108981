"""`ecluse api-keys` and the settings of the API, as people and scripts meet them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import OTHER_BODY
from tests.integration.command import CommandResult, ecluse

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
    ],
)
def test_a_key_without_a_right_or_of_no_entity_is_usage(
    tmp_path: Path, args: list[Any], message: str
) -> None:
    answer = keys(tmp_path, *args)
    assert (2, True) == (answer.code, message in answer.err)


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
        ("ECLUSE_SESSION_SECRET", "short", "ECLUSE_SESSION_SECRET"),
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
