"""A bench run as a command, for tests that it measures everything."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.command import ROOT, environment


def measured(module: str, asked: Mapping[str, object], out: Path, limit_s: float) -> dict[str, Any]:
    """What a bench prints as JSON, which is also what it writes to `out`."""
    options = [str(each) for pair in {**asked, "--out": out}.items() for each in pair]
    done = subprocess.run(
        [sys.executable, "-m", module, "--json", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=limit_s,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == json.loads(out.read_text(encoding="utf-8"))
    return found
