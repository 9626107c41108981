"""`ecluse lag` over watches that answer what a test says."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from services.cli.commands import lag
from tests.api.a_watch import AWatch
from tests.api.lag_scenes import Scene
from tests.integration.command import CommandResult, ecluse

Json = dict[str, Any]
Serve = Callable[[Scene | Json], AWatch]


def answers_of(scene: Scene | Json) -> dict[str, bytes]:
    """What a watch answers in a scene, or with a board alone."""
    board = scene.board if isinstance(scene, Scene) else scene
    return {"/lag": json.dumps(board).encode()}


def set_clock_to(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """By the clock of whoever runs the command."""
    monkeypatch.setattr(lag, "wall_clock", lambda: now)


def asked(*watches: AWatch, args: tuple[str, ...] = (), language: str = "en") -> CommandResult:
    """What the command says of them."""
    where = ",".join(watch.url for watch in watches)
    return ecluse("lag", "--url", where, "--lang", language, *args, COLUMNS="120")
