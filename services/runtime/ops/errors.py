"""Errors that stop a process, with a message in both languages: where, what, and what to do."""

from typing import TYPE_CHECKING

from events.sentences import Sentence

if TYPE_CHECKING:
    # Every command imports these errors: one without a cluster does not import its client.
    from aiokafka.structs import TopicPartition


def place_name(place: "TopicPartition") -> str:
    """The name of a partition in messages: `topic/partition`."""
    return f"{place.topic}/{place.partition}"


class Stop(Exception):
    """A dependency cannot be reached, or cannot be trusted: the process must stop."""

    def __init__(self, where: object, what: Sentence) -> None:
        self.text = Sentence(f"{where}\u00a0: {what.fr}", f"{where}: {what.en}")
        super().__init__(self.text.en)


class ClusterError(Stop):
    """The cluster, or a topic on it, is not as it must be."""


class Unreachable(ClusterError):
    """The cluster does not answer, or fails: a retry may help."""
