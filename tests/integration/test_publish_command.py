"""`ecluse publish` and `ecluse topics` where no cluster is: what they say, and how they leave."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.kafka import topics
from tests.builders import a_vote, an_award
from tests.integration.command import MIXED, WIDE, CommandResult, ecluse, written

NOWHERE = "127.0.0.1:1"


def publish(*args: object, given: bytes = b"", at: str = NOWHERE) -> CommandResult:
    return ecluse("publish", *args, given=given, ECLUSE_BOOTSTRAP_SERVERS=at, COLUMNS=WIDE)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.jsonl", a_vote(), an_award())


@pytest.fixture
def deaf() -> Iterator[str]:
    """Someone who takes the call, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_a_faulty_file_is_reported_as_validate_does_and_nothing_leaves(mixed: Path) -> None:
    result = publish(mixed)
    assert 1 == result.code
    validated = ecluse("validate", mixed, COLUMNS=WIDE).text.splitlines()[:-1]
    assert validated == result.text.splitlines()[:-1]
    assert (
        f"2 lines of {len(MIXED)} do not match the contract: nothing was published." in result.text
    )
    assert "" == result.err, "nobody called the cluster"


def test_one_faulty_file_holds_back_the_others(good: Path, mixed: Path) -> None:
    result = publish(good, mixed)
    assert 1 == result.code
    assert f"{mixed}, line 9: bad_json" in result.text
    assert f"2 lines of {len(MIXED) + 2} do not" in result.text


def test_faults_for_programs(good: Path, mixed: Path) -> None:
    result = publish(good, mixed, "--json")
    assert (1, 1) == (result.code, result.text.count("\n"))
    found = json.loads(result.out)
    assert ["published", "partitions", "lines", "valid", "faults"] == list(found)
    lines = len(MIXED) + 2
    assert (0, [], lines, lines - 2) == tuple(list(found.values())[:4])
    assert [(str(mixed), 9), (str(mixed), 10)] == [
        (row["file"], row["position"]) for row in found["faults"]
    ]


def test_many_faults_are_cut_short_for_people(tmp_path: Path) -> None:
    result = publish(written(tmp_path / "bad.jsonl", *[b"{"] * 60))
    assert 50 == result.text.count("bad_json")
    assert "10 more" in result.text


def test_standard_input_is_checked_whole_too() -> None:
    result = publish("-", given=b"{\n")
    assert (1, True) == (result.code, result.text.startswith("line 1: bad_json"))


def test_an_empty_file_publishes_nothing_and_calls_nobody(tmp_path: Path) -> None:
    result = publish(written(tmp_path / "empty.jsonl"), "--json")
    assert (0, {"published": 0, "partitions": []}) == (result.code, json.loads(result.out))
    assert "0 events published" in publish(written(tmp_path / "empty.jsonl")).text


@pytest.mark.parametrize(
    ("lang", "texts"),
    [("en", ["Stopped: 127.0.0.1:1: no Kafka"]), ("fr", ["Arrêt", "127.0.0.1:1", "pas de Kafka"])],
)
def test_a_missing_cluster_is_reported(good: Path, lang: str, texts: list[str]) -> None:
    for command in (["publish", good], ["topics", "diff"], ["topics", "apply"]):
        result = ecluse(*command, "--lang", lang, ECLUSE_BOOTSTRAP_SERVERS=NOWHERE)
        assert (3, b"") == (result.code, result.out)
        assert [] == [
            each for each in [*texts, "ECLUSE_BOOTSTRAP_SERVERS"] if each not in result.err
        ]
        assert "acknowledged" not in result.err
        assert "confirmés" not in result.err


@pytest.mark.parametrize("at", ["nonsense:x", "no-such-host.invalid:9092"])
def test_an_address_that_is_none_is_reported(good: Path, at: str) -> None:
    result = publish(good, at=at)
    assert (3, True) == (result.code, f"{at}: no Kafka at this address" in result.err)


def test_a_cluster_that_never_answers_is_waited_for_as_long_as_was_asked(
    good: Path, deaf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "REQUEST_TIMEOUT_S", 0.5)
    monkeypatch.setenv("ECLUSE_GIVE_UP_S", "1")
    result = publish(good, at=deaf)
    assert (3, True) == (result.code, f"Stopped: {deaf}: no Kafka at this address" in result.err)
    assert 1 == result.err.count("broker_unavailable")
    assert '"limit_s": 1.0' in result.err, "the usual limit is ten minutes"
