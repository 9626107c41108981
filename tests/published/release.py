"""Freeze the published contract as that of a release: `python -m tests.published.release VERSION`.

It writes schemas/released/VERSION/ once; CONTRIBUTING.md says when. What is there is never changed:
`test_released.py` holds its sums.
"""

import sys
from pathlib import Path

from tests.published.released import FOLDER, SUMS, sums, texts


def freeze(version: str, folder: Path = FOLDER) -> Path:
    """The new folder of a release."""
    made = folder / version
    if made.exists():
        raise SystemExit(f"{made.name}: released before; what was published is never changed")
    made.mkdir(parents=True)
    for name, text in texts().items():
        (made / name).write_text(text, encoding="utf-8")
    (made / SUMS).write_text(sums(made), encoding="utf-8")
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.stdout.write(f"{freeze(sys.argv[1])}\n")
