"""Pictures of the page Lag: of the README, and of each night that an operator fears.

The answers are recorded here; tests with a real broker keep theirs by the same function.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.api.lag_boards import NIGHT
from tests.api.lag_scenes import (
    Scene,
    a_burst,
    a_held_partition,
    broker_down,
    postgresql_down,
    treasury_gone,
)
from tests.browser.lag_pictures import a_lag_picture
from tests.browser.test_pages import picture

BYTES_MAX: Final = 200_000
PICTURES: Final[dict[str, Callable[[datetime], Scene]]] = {
    "readme-lag": a_burst,
    "lag-held-partition": a_held_partition,
    "lag-broker-down": broker_down,
    "lag-postgresql-down": postgresql_down,
    "lag-treasury-gone": treasury_gone,
}


@pytest.mark.parametrize(("name", "scene"), PICTURES.items(), ids=PICTURES)
def test_a_picture_of_the_page(
    browser: Browser, town_file: Path, name: str, scene: Callable[[datetime], Scene]
) -> None:
    """Copied by hand to docs/pictures/ and docs/evidence/lag/ when the page has changed."""
    a_lag_picture(browser, town_file, scene(NIGHT).answers, picture(name))
    assert picture(name).stat().st_size < BYTES_MAX
