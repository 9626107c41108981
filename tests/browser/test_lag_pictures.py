"""The picture of the page Processing for the README: a burst, of answers that are recorded here.

Outage scenarios are of a real stack: tests/kafka/test_outage_scenarios.py.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from tests.api.lag_scenes import a_burst
from tests.browser.lag_pictures import a_lag_picture
from tests.browser.test_pages import picture

BYTES_MAX: Final = 200_000


def test_a_picture_of_a_burst(browser: Browser, read_model_file: Path) -> None:
    """Copied by hand to docs/pictures/lag.png when the page has changed."""
    path = picture("readme-lag")
    a_lag_picture(browser, read_model_file, a_burst().answers, path)
    assert path.stat().st_size < BYTES_MAX
