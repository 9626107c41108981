"""schemas/topics.yaml: it names the topics of the contract, and keeps each as the design says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from events import topics
from services.runtime.kafka.clients import RECORD_BYTES_MAX
from services.runtime.kafka.topic_catalogue import FILE, Catalogue, read_catalogue

RULES = FILE.parent.parent / "deploy" / "observability" / "rules"
DAY_S = 24 * 3600
UNLIMITED = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
DAYS_400 = UNLIMITED | {"retention.ms": str(400 * 24 * 3600 * 1000)}
INPUT = DAYS_400 | {"message.timestamp.type": "LogAppendTime"}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": str(64 * 1024 * 1024),
    "segment.ms": str(3600 * 1000),
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": str(3600 * 1000),
}

# Design, 6.
KEPT = [
    (topics.EVENTS, INPUT, "lz4", 200),
    (topics.INTERNAL_EVENTS, INPUT, "lz4", 200),
    (topics.JOURNAL, UNLIMITED, "zstd", None),
    (topics.COMMITMENT_ENTRIES, UNLIMITED, "lz4", None),
    (topics.PAYMENT_ORDERS, UNLIMITED, "lz4", None),
    (topics.BALANCES, COMPACTED, "lz4", None),
    (topics.REFUSALS, DAYS_400, "lz4", None),
    (topics.DEAD_LETTERS, DAYS_400, "lz4", None),
    (topics.SLIPS, UNLIMITED, "lz4", None),
    (topics.ACCOUNTING_ENTRIES, UNLIMITED, "lz4", None),
    (topics.LEDGER_STATE, COMPACTED, "lz4", None),
]


def names_of_the_contract() -> set[str]:
    return {
        value
        for name, value in vars(topics).items()
        if name.isupper() and isinstance(value, str) and value.endswith(".v1")
    }


def test_every_topic_of_the_contract_stands_in_the_catalogue_and_no_other() -> None:
    assert names_of_the_contract() == set(read_catalogue().topics)
    assert names_of_the_contract() == {name for name, *_ in KEPT}


def test_all_topics_have_the_same_number_of_partitions() -> None:
    assert 12 == read_catalogue().partitions


@pytest.mark.parametrize(("name", "kept", "compression", "alert_after_days"), KEPT)
def test_a_topic_is_kept_as_the_design_says(
    name: str, kept: dict[str, str], compression: str, alert_after_days: int | None
) -> None:
    topic = read_catalogue().topics[name]
    limits = {"max.message.bytes": str(RECORD_BYTES_MAX), "compression.type": compression}
    assert kept | limits == topic.config.as_kafka()
    assert alert_after_days == topic.alert_after_days


def alarm_s(name: str) -> int:
    """The lateness at which an alert first fires, by the rules of Prometheus."""
    groups = yaml.safe_load((RULES / "lag.yml").read_text(encoding="utf-8"))["groups"]
    [rule] = [each for group in groups for each in group["rules"] if name == each.get("alert")]
    assert rule["for"].endswith("m")
    late_s = max(int(limit) for limit in re.findall(r"> (\d+)", rule["expr"]))
    return late_s + 60 * int(rule["for"].removesuffix("m"))


@pytest.mark.parametrize("name", [topics.EVENTS, topics.INTERNAL_EVENTS])
def test_an_alert_fires_long_before_an_unread_record_is_half_as_old_as_it_gets(name: str) -> None:
    """The alarm by which one at `alert_after_days` is moot."""
    topic = read_catalogue().topics[name]
    assert topic.alert_after_days is not None
    assert topic.config.retention_ms == 2 * topic.alert_after_days * DAY_S * 1000
    assert alarm_s("EcluseAccountsLate") < DAY_S


def as_written() -> Any:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (topics.EVENTS, {"retention.bytes": None}),
        (topics.EVENTS, {"retention.ms": 0}),
        (topics.EVENTS, {"retention.ms": "-1"}),
        (topics.EVENTS, {"retention.hours": 1}),
        (topics.EVENTS, {"max.message.bytes": None}),
        (topics.EVENTS, {"compression.type": "gzip"}),
        (topics.EVENTS, {"cleanup.policy": "compact"}),
        (topics.BALANCES, {"cleanup.policy": "delete"}),
        (topics.BALANCES, {"max.compaction.lag.ms": None}),
        (topics.BALANCES, {"min.cleanable.dirty.ratio": 1.5}),
    ],
)
def test_a_catalogue_that_says_too_little_or_nonsense_is_refused(
    name: str, change: dict[str, Any]
) -> None:
    written = as_written()
    config = written["topics"][name]["config"] | change
    written["topics"][name]["config"] = {k: v for k, v in config.items() if v is not None}
    with pytest.raises(ValidationError, match="config"):
        Catalogue.model_validate(written)


@pytest.mark.parametrize("change", [{"partitions": 0}, {"partitions": None}, {"brokers": 3}])
def test_the_catalogue_itself_is_read_strictly(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Catalogue.model_validate(as_written() | change)


def test_a_catalogue_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"topics\.yaml"):
        read_catalogue(tmp_path / "topics.yaml")
