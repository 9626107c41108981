"""Errors that stop a process, with a message in both languages: where, what, and what to do.

They stand alone because every command imports them, and nothing slow with them.
"""

from typing import TYPE_CHECKING, Final

from events.texts import Translatable, _
from services.texts.language import Language
from services.texts.translation import translate

if TYPE_CHECKING:
    # Every command imports these errors: one without a cluster does not import its client.
    from aiokafka.structs import TopicPartition


AT: Final = _("{where}: {what}")


def place_name(place: "TopicPartition") -> str:
    """The name of a partition in messages: `topic/partition`."""
    return f"{place.topic}/{place.partition}"


class Stop(Exception):
    """A dependency cannot be reached, or cannot be trusted: the process must stop."""

    def __init__(self, where: object, what: Translatable) -> None:
        self.text = AT.render({"where": where, "what": what})
        super().__init__(translate(self.text, Language.EN))


class ClusterError(Stop):
    """The cluster, or a topic on it, is not as it must be."""


class Unreachable(ClusterError):
    """The cluster does not answer, or fails: a retry may help."""
