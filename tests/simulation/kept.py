"""A long run in several parts: what was run is kept, as long as the code stays as it is."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.simulation.reach import Reached
from tests.simulation.runs import Tally

ROOT: Final = Path(__file__).parent.parent.parent

LIBRARIES: Final = ROOT / "requirements" / "run.txt"


def digest_of_code() -> str:
    """Under which code and libraries histories repeat: all of ours that is loaded."""
    loaded = {getattr(each, "__file__", None) or "" for each in list(sys.modules.values())}
    ours = sorted(file for file in loaded if Path(file).parent.is_relative_to(ROOT))
    found = sha256(LIBRARIES.read_bytes())
    for file in (Path(each) for each in ours if ".venv" not in each):
        found.update(f"{file.relative_to(ROOT)} {file.stat().st_size} ".encode())
        found.update(file.read_bytes())
    return found.hexdigest()


class Kept:
    """The histories of one seed from number 0 on that were run, without a gap, in a file."""

    def __init__(self, file: Path, seed: int) -> None:
        self._file = file
        self._key = {"code": digest_of_code(), "seed": seed}
        self.tally = Tally()
        self.seconds = 0.0
        self.runs = 1
        if file.exists():
            self._read(json.loads(file.read_bytes()))

    def _read(self, row: dict[str, Any]) -> None:
        if self._key == {name: row[name] for name in self._key}:
            self.tally = tally_from_row(row["tally"])
            self.seconds, self.runs = row["seconds"], row["runs"] + 1

    def keep(self, tally: Tally, seconds: float) -> None:
        """Write down what all runs came to so far, and how long they took."""
        row = {"seconds": seconds, "runs": self.runs, "tally": tally.row()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(self._key | row) + "\n", encoding="utf-8")
        new.replace(self._file)


def tally_from_row(row: dict[str, Any]) -> Tally:
    """The tally that `Tally.row` gave, of histories in which nothing was wrong."""
    assert not row["failures"], "what fails is not kept"
    counts = {Reached(sort, name): (times, within) for sort, name, times, within in row["reached"]}
    return Tally(
        row["histories"],
        row["events"],
        row["records"],
        row["budgets"],
        row["virtual_s"],
        Counter({each: times for each, (times, _) in counts.items()}),
        Counter({each: within for each, (_, within) in counts.items()}),
        Counter(row["figures"]),
    )


def blocks(first: int, count: int, size: int) -> Iterator[tuple[int, int]]:
    """The same histories in blocks: the number of the first of each, and how many."""
    for at in range(first, first + count, size):
        yield at, min(size, first + count - at)
