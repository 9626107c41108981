"""The topics as code: schemas/topics.yaml, read strictly."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

import events

FILE: Final = Path(events.__file__).parent.parent / "schemas" / "topics.yaml"
"""The catalogue, beside the published language."""

Unlimited = Literal[-1]
Positive = Annotated[int, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TopicConfig(_Strict):
    """The settings of a topic that Écluse relies on, by Kafka's names; milliseconds and bytes."""

    cleanup_policy: Annotated[Literal["compact", "delete"], Field(alias="cleanup.policy")]
    compression_type: Annotated[Literal["lz4", "zstd"], Field(alias="compression.type")]
    max_message_bytes: Annotated[Positive, Field(alias="max.message.bytes")]
    message_timestamp_type: Annotated[
        Literal["LogAppendTime"] | None, Field(alias="message.timestamp.type")
    ] = None
    retention_ms: Annotated[Positive | Unlimited | None, Field(alias="retention.ms")] = None
    retention_bytes: Annotated[Positive | Unlimited | None, Field(alias="retention.bytes")] = None
    segment_bytes: Annotated[Positive | None, Field(alias="segment.bytes")] = None
    segment_ms: Annotated[Positive | None, Field(alias="segment.ms")] = None
    min_cleanable_dirty_ratio: Annotated[
        float | None, Field(alias="min.cleanable.dirty.ratio", gt=0, le=1)
    ] = None
    max_compaction_lag_ms: Annotated[Positive | None, Field(alias="max.compaction.lag.ms")] = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Require all settings of a policy: a cluster's defaults are nobody's choice."""
        kept = (self.retention_ms, self.retention_bytes)
        compacted = (
            self.segment_bytes,
            self.segment_ms,
            self.min_cleanable_dirty_ratio,
            self.max_compaction_lag_ms,
        )
        if None in (kept if self.cleanup_policy == "delete" else compacted):
            raise ValueError(f"a topic with cleanup.policy {self.cleanup_policy} says more")
        return self

    def as_kafka(self) -> dict[str, str]:
        """The settings as Kafka takes and reports them: text."""
        config = self.model_dump(by_alias=True, exclude_none=True)
        return {name: str(value) for name, value in config.items()}


class Topic(_Strict):
    """One topic: what it carries, for whom, and how it is kept."""

    title: str
    description: str
    key: str
    """The key of its records."""

    readers: Annotated[list[str], Field(min_length=1)]
    alert_after_days: Positive | None = None
    """The age of an unread record before which an alert must have fired.

    Nothing is configured with it, as the alert on lateness fires within minutes
    (schemas/topics.yaml names it): tests check the alert against this promise of the contract.
    """

    config: TopicConfig


class Catalogue(_Strict):
    """All topics of the contract by name, and what is the same for each of them."""

    partitions: Positive
    replication_factor: Positive
    """The replicas of each topic, on a cluster of as many brokers or more."""

    min_insync_replicas: Positive
    """How many of them must have a record before it is acknowledged."""

    topics: dict[str, Topic]

    @model_validator(mode="after")
    def _survives_a_broker(self) -> Self:
        if self.min_insync_replicas >= self.replication_factor > 1:
            raise ValueError("min_insync_replicas: one broker away, and nothing could be written")
        return self


@cache
def read_catalogue(file: Path = FILE) -> Catalogue:
    """The catalogue, read once; a ValidationError says where it is wrong."""
    return Catalogue.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
