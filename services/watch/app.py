"""The app of the watch, built from the environment when this module is imported.

    faust -A services.watch.app -L uvloop worker

`ecluse watch` runs the same.
"""

from services.runtime.ops.settings import Settings
from services.watch.building import build_watch
from services.watch.settings import WatchSettings

app = build_watch(Settings(), WatchSettings())
