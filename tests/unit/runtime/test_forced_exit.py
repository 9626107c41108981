"""The forced exit of a process: it ends in time, whatever it waits for."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_a_stop_that_takes_too_long_is_cut_short() -> None:
    program = """
import time
from services.runtime.ops import watchdog
watchdog.FLUSH_S = 60
print("stopping")
watchdog.exit_after(0.1, 4)
time.sleep(60)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (4, "stopping\n") == (ended.returncode, ended.stdout)


def test_a_log_that_nobody_reads_keeps_no_process_alive() -> None:
    program = """
import sys
from services.runtime.ops.watchdog import exit_after
exit_after(0.1, 4)
sys.stderr.write("x" * 1_000_000)  # More than a pipe holds: it waits in here.
"""
    started = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        env={name: each for name, each in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    with started as process:
        try:
            assert 4 == process.wait(50)
        finally:
            process.kill()


def test_a_stop_in_time_is_not_waited_for() -> None:
    program = "from services.runtime.ops.watchdog import exit_after; exit_after(600, 4)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=50)
    assert 0 == ended.returncode
