"""Assembly of the watch: the app with its agents, timers and pages."""

import gc
from typing import Final

from services.runtime.agents.logs import configure_by_default
from services.runtime.agents.running import options
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from services.watch.process.agents import add_agents
from services.watch.process.pages import add_pages
from services.watch.process.timers import add_timers
from services.watch.process.watch import Watch
from services.watch.settings import WatchSettings

COLLECT_AFTER: Final = (200_000, 10, 10)
"""Thresholds of Python's search for cycles. Tables hold none, however long they grow: searching
them again and again took a quarter of the work on a journal's record."""


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_by_default()
    gc.set_threshold(*COLLECT_AFTER)
    watch = Watch(settings, own, wall_clock, **options(settings, own.web_bind, own.web_port))
    add_agents(watch)
    add_timers(watch)
    add_pages(watch)
    return watch
