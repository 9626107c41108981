"""`ecluse doctor` and `ecluse config show` where nothing answers."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.command import CommandResult, ecluse

NOBODY: Final = {"ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
"""An address where nothing listens."""


def examined(folder: Path, *args: str, **env: str) -> CommandResult:
    where = {"ECLUSE_DATABASE_URL": f"sqlite:///{folder / 'read.db'}", **NOBODY}
    return ecluse("doctor", *args, given=b"", **where | env)


def of_state(result: CommandResult, state: str) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = json.loads(result.out)["checks"]
    return [(each["part"], each["check"]) for each in found if each["state"] == state]


def test_what_depends_on_a_broker_that_is_away_is_not_known_and_never_ok(tmp_path: Path) -> None:
    result = examined(tmp_path, "--json")
    assert 1 == result.code, result.err
    assert [("settings", "settings")] == of_state(result, "ok")
    assert [("kafka", "broker"), ("databases", "schema"), ("databases", "schema")] == of_state(
        result, "trouble"
    )
    names = ("topics", "replicas", "limits", "transactions", "clock", "disk", "rights")
    depending = [("kafka", name) for name in names]
    depending += [("ledger", "partition"), ("consumers", "consumer")]
    assert depending == of_state(result, "unknown")
    summary = json.loads(result.out)
    assert (None, 3, 9) == (summary["role"], summary["troubles"], summary["unknown"])
    assert [] == list(tmp_path.iterdir()), "no database is made by looking for it"


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "fr",
            (
                "  À FAIRE broker, 127.0.0.1:9\xa0: ",
                "  INCONNU topics, 127.0.0.1:9\xa0: ",
                "3 choses à faire.",
            ),
        ),
        (
            "en",
            (
                "  TO DO     broker, 127.0.0.1:9: ",
                "  NOT KNOWN topics, 127.0.0.1:9",
                "3 things to do.",
            ),
        ),
    ],
)
def test_a_person_reads_a_line_for_each_check(
    language: str, lines: tuple[str, ...], tmp_path: Path
) -> None:
    result = examined(tmp_path, "--lang", language)
    assert 1 == result.code
    page = result.out.decode()
    assert [] == [each for each in lines if each not in page], page


def test_before_a_start_what_the_services_make_is_not_missed(tmp_path: Path) -> None:
    result = examined(tmp_path, "--before-start", "--json")
    assert [("kafka", "broker")] == of_state(result, "trouble")
    assert ("consumers", "consumer") not in of_state(result, "unknown")


def test_what_is_no_address_of_a_broker_is_named_beside_one_where_nothing_listens(
    tmp_path: Path,
) -> None:
    result = examined(
        tmp_path, "--before-start", "--json", ECLUSE_BOOTSTRAP_SERVERS="127.0.0.1:9, kafka:here"
    )
    found = [each for each in json.loads(result.out)["checks"] if each["state"] == "trouble"]
    assert ["127.0.0.1:9", "kafka:here"] == [each["where"] for each in found]
    assert "HOST:PORT" in found[1]["message"]["en"]


def test_as_a_role_only_what_it_uses_is_examined(tmp_path: Path) -> None:
    result = examined(tmp_path, "--role", "ledger", "--json")
    assert [("kafka", "broker")] == of_state(result, "trouble")
    assert 2 == examined(tmp_path, "--role", "mayor").code


def test_settings_that_are_wrong_are_each_named_and_the_rest_is_examined(tmp_path: Path) -> None:
    file = tmp_path / "treasury.yaml"
    file.write_text("entities: [")
    wrong = {
        "ECLUSE_STALL_S": "-1",
        "ECLUSE_WATCH_SAMPLE_S": "9",
        "ECLUSE_TOPICS_PREFIX": "lille.",
        "ECLUSE_TREASURY_FILE": str(file),
        "ECLUSE_TREASURY_RETURNS": str(tmp_path / "nowhere"),
        "ECLUSE_DATABASE_SSLMODE": "verify-full",
    }
    result = examined(tmp_path, "--json", **wrong)
    assert 1 == result.code, result.err
    found = [each for each in json.loads(result.out)["checks"] if each["part"] == "settings"]
    assert {"trouble"} == {each["state"] for each in found}
    named = {
        "ECLUSE_STALL_S",
        "ECLUSE_WATCH_SAMPLE_S",
        "ECLUSE_TOPICS_PREFIX",
        "ECLUSE_TREASURY_FILE",
        "ECLUSE_TREASURY_RETURNS",
    }
    assert named == {each["where"] for each in found}
    assert ("databases", "schema") in of_state(result, "trouble")


def test_settings_that_contradict_each_other_are_named_together(tmp_path: Path) -> None:
    result = examined(tmp_path, "--json", ECLUSE_AUTH="off", ECLUSE_API_BIND="0.0.0.0")
    found = [each for each in json.loads(result.out)["checks"] if each["part"] == "settings"]
    assert ["ECLUSE_AUTH, ECLUSE_API_BIND"] == [each["where"] for each in found]
    assert "whoever reaches it sees all" in found[0]["message"]["en"]


def test_config_show_lists_every_setting_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a-Secret-0815\n")
    env = {"ECLUSE_KAFKA_SASL_PASSWORD_FILE": str(file), "ECLUSE_TOPIC_PREFIX": "lille."}
    result = ecluse("config", "show", "--json", given=b"", **env)
    assert 0 == result.code
    found = {each["name"]: each for each in json.loads(result.out)["settings"]}
    password = found["ECLUSE_KAFKA_SASL_PASSWORD"]
    assert ("***", "file", str(file)) == (password["value"], password["source"], password["file"])
    assert "environment" == found["ECLUSE_TOPIC_PREFIX"]["source"]
    for language, word in (("fr", "par défaut"), ("en", "default")):
        page = ecluse(
            "config", "show", "--lang", language, given=b"", COLUMNS="160", **env
        ).out.decode()
        assert word in page
        assert [] == [name for name in found if name not in page]
        assert "a-Secret-0815" not in page
