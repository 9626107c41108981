"""The progress of a task, as the watchdog checks it."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)  # Compared by identity: two equal tasks are two.
class Progress:
    """The steps of a task, and whether it is busy."""

    steps: int = 0
    busy: bool = False
    doing: str = "starting"

    def step(self) -> None:
        """Count a step."""
        self.steps += 1

    def begin(self, doing: str) -> None:
        """Start work: from now on steps are expected."""
        self.steps += 1
        self.busy = True
        self.doing = doing

    def rest(self, doing: str) -> None:
        """End work: no step is expected."""
        self.steps += 1
        self.busy = False
        self.doing = doing
