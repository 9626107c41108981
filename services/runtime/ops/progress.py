"""Whether a task gets on: what the watchdog looks at."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)  # Known by itself: two tasks that stand alike are two.
class Progress:
    """Steps that a task has taken, and whether it has anything to do at all."""

    steps: int = 0
    busy: bool = False
    doing: str = "starting"

    def step(self) -> None:
        """One more thing is done."""
        self.steps += 1

    def begin(self, doing: str) -> None:
        """Something is to be done: from now on steps are expected."""
        self.steps += 1
        self.busy = True
        self.doing = doing

    def rest(self, doing: str) -> None:
        """Nothing is to be done: no step is expected."""
        self.steps += 1
        self.busy = False
        self.doing = doing
