"""Of which commit the figures of a page are."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent

CODE: Final = (".", ":(exclude)docs")
"""What figures depend on: the page that was written last stands among the documents."""


def commit_of(root: Path = ROOT) -> str | None:
    """The commit of a work tree, and whether its code has changes; None where there is no git."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    # The owner of a CI checkout may be another user, which git would refuse to read.
    ask = [git, "-C", str(root), "-c", f"safe.directory={root}"]
    head = subprocess.run([*ask, "rev-parse", "HEAD"], capture_output=True, check=False, text=True)
    if head.returncode != 0:
        return None  # Nothing was committed yet.
    changed = subprocess.run(
        [*ask, "status", "--porcelain", "--", *CODE], capture_output=True, check=True, text=True
    )
    commit = f"`{head.stdout.strip()}`"
    return f"{commit}, with changes" if changed.stdout else commit
