"""What stops a process that stands on Kafka: each says what, where, and what to do."""

from events.sentences import Sentence


class ClusterError(Exception):
    """The cluster, or a topic on it, cannot be reached or is not as it must be."""

    def __init__(self, where: object, what: Sentence) -> None:
        self.said = Sentence(f"{where}\u00a0: {what.fr}", f"{where}: {what.en}")
        super().__init__(self.said.en)
