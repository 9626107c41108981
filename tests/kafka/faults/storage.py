"""A disk that a test may fill: a file system in memory, whose size is changed while it is used."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Self

PAGE_BYTES: Final = 4096
TRIES: Final = 100
MOUNT: Final = ("mount", "-t", "tmpfs", "-o")


def why_no_disk() -> str | None:
    """What this machine lacks to mount one; None where it can."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root may mount a disk that can be filled"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*MOUNT, "size=1m", "tmpfs", folder], capture_output=True, check=False
        )
        if done.returncode:
            return f"no disk can be mounted here: {done.stderr.decode().strip()}"
        subprocess.run(["umount", folder], check=True)
    return None


class Disk:
    """A file system of its own at a folder, with room for so many bytes."""

    def __init__(self, folder: Path, room_bytes: int) -> None:
        self.folder = folder
        self._room_bytes = room_bytes

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        room = f"size={self._room_bytes},mode=0777"
        subprocess.run([*MOUNT, room, "tmpfs", str(self.folder)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: who wrote there may just be ending.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def fill(self) -> None:
        """From now on not a byte more: it is as large as what is on it."""
        for _ in range(TRIES):
            found = os.statvfs(self.folder)
            used_bytes = (found.f_blocks - found.f_bfree) * found.f_frsize
            # Refused where somebody has written meanwhile.
            if self._resize(max(used_bytes, PAGE_BYTES)):
                return
        raise AssertionError(f"{self.folder} is written to too quickly to be filled")

    def free(self) -> None:
        """Room as before."""
        assert self._resize(self._room_bytes), "a disk may be made larger"

    def _resize(self, size_bytes: int) -> bool:
        command = ["mount", "-o", f"remount,size={size_bytes}", str(self.folder)]
        return 0 == subprocess.run(command, capture_output=True, check=False).returncode
