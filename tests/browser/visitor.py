"""Somebody before the browser, who also hears what no visitor sees: errors, refused content."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from services.api.access.session import SESSION_COOKIE
from tests.browser.console import OPERATOR_KEY, Console

CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING: Final = (
    "no Chromium on the PATH; on Debian: sudo apt-get install -y --no-install-recommends chromium"
)

PATIENCE_MS: Final = 60_000
"""How long a page may take: beside brokers, on a busy machine."""

LOCALES: Final = {"fr": "fr-FR", "en": "en-GB"}
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 360, "height": 740}
GRAVE: Final = frozenset({"serious", "critical"})
CHROMIUM_ARGS: Final = (
    # Without a sandbox of its own: tests run as root in containers, over our own pages.
    "--no-sandbox",
    # No graphics card is played by the processor: pages are drawn without one.
    "--disable-gpu",
    "--disable-software-rasterizer",
    # A page lives a second here: what is compiled beside it for later is never used.
    "--js-flags=--single-threaded",
)
NETWORK_CHANGED: Final = "net::ERR_NETWORK_CHANGED"
"""What Chromium breaks off when an interface of the machine comes or goes, as containers do."""

LISTEN_FOR_REFUSALS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`refused by policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


@dataclass
class Visitor:
    """One who looks at a console, in a window of their own."""

    page: Page
    console: Console
    messages: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """What was asked of any other place than the console."""

    def go(self, path: str) -> int:
        """Open a page; what it was answered with."""
        answer = self.page.goto(self.console.url + path)
        assert answer is not None, "the page has an answer"
        return answer.status

    def forget(self) -> None:
        """Messages of another page are not this one's."""
        self.messages.clear()
        self.elsewhere.clear()

    def hears(self, message: ConsoleMessage) -> None:
        """A line on the browser's own console."""
        if message.type in {"error", "warning"} and NETWORK_CHANGED not in message.text:
            self.messages.append(message.text)

    def sees(self, request: Request) -> None:
        """A request on its way."""
        if not request.url.startswith((self.console.url, "data:")):
            self.elsewhere.append(request.url)

    def barriers(self) -> list[str]:
        """What would grievously hinder people with disabilities here, by axe-core."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']} ({each['impact']}): {node['html'][:160]}"
            for each in found
            if each["impact"] in GRAVE
            for node in each["nodes"]
        ]

    def reads_tables_sideways(self, width: int) -> bool:
        """Whether a table is wider than its place in a window so wide."""
        self.page.set_viewport_size({"width": width, "height": DESK["height"]})
        found: bool = self.page.evaluate(
            "[...document.querySelectorAll('.rows')].some((e) => e.scrollWidth > e.clientWidth)"
        )
        return found

    def scrolls_sideways(self, window: dict[str, int] = PHONE) -> bool:
        """Whether the page is wider than a window of this size."""
        self.page.set_viewport_size(window)  # type: ignore[arg-type] # it wants its own dict
        width: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return width


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The system's own Chromium; where there is none, the test says so (and fails in CI)."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@contextmanager
def a_visitor(
    browser: Browser,
    console: Console,
    language: str = "fr",
    *,
    key: str | None = OPERATOR_KEY,
    script: bool = True,
    phone: bool = False,
) -> Iterator[Visitor]:
    """Somebody who is logged in with a key, or with none."""
    context = browser.new_context(
        locale=LOCALES[language],
        viewport=PHONE if phone else DESK,  # type: ignore[arg-type] # it wants its own dict
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    if key is not None:
        context.add_cookies([{"name": SESSION_COOKIE, "value": key, "url": console.url}])
    page = context.new_page()
    visitor = Visitor(page, console)
    page.on("console", visitor.hears)
    page.on("pageerror", lambda error: visitor.messages.append(str(error)))
    page.on("request", visitor.sees)
    if script:
        page.add_init_script(LISTEN_FOR_REFUSALS)
    try:
        yield visitor
    finally:
        context.close()
