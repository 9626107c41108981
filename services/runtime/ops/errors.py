"""What stops a process: each says what, where, and what to do, in both languages."""

from typing import TYPE_CHECKING

from events.sentences import Sentence

if TYPE_CHECKING:
    # Every verb knows these errors: one that asks no cluster does not wait for its client.
    from aiokafka.structs import TopicPartition


def place_name(place: "TopicPartition") -> str:
    """What a partition is called where people are told of it: `topic/partition`."""
    return f"{place.topic}/{place.partition}"


class Stop(Exception):
    """Processor cannot go on: what it stands on cannot be reached, or cannot be trusted."""

    def __init__(self, where: object, what: Sentence) -> None:
        self.text = Sentence(f"{where}\u00a0: {what.fr}", f"{where}: {what.en}")
        super().__init__(self.text.en)


class ClusterError(Stop):
    """The cluster, or a topic on it, is not as it must be."""


class Unreachable(ClusterError):
    """The cluster does not answer, or fails: later it may."""
