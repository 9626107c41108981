"""Views of the page Processing, of what a watch answers, and the page as HTML."""

import json
from collections.abc import Sequence
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Final
from xml.etree.ElementTree import Element, TreeBuilder

from jinja2 import ChoiceLoader, DictLoader

from events.lag import read_board, read_history
from events.texts import Translatable, pgettext
from services.api.console.pages import environment
from services.api.lag.figures import Figures
from services.api.lag.view import LagView, lag_view
from services.lag.document import Answer, Lag, lag_of, last_hour
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.lag_boards import NIGHT, Json, a_board, stages
from tests.api.lag_scenes import Scene

FR: Final = LocaleFormat(Language.FR)
EN: Final = LocaleFormat(Language.EN)
LOCALES: Final = {"fr": FR, "en": EN}
ADDRESS: Final = "http://watch:6066"


def lag(board: Json, *, later_s: float = 0, error: str | None = None) -> Lag:
    answer = Answer(ADDRESS, read_board(json.dumps(board).encode()), error)
    return lag_of([answer], NIGHT + timedelta(seconds=later_s))


def view_of(board: Json, locale: LocaleFormat = EN, *, later_s: float = 0) -> LagView:
    return lag_view(lag(board, later_s=later_s), None, NIGHT + timedelta(seconds=later_s), locale)


def view(scene: Scene, locale: LocaleFormat = EN) -> LagView:
    hour = last_hour([read_history(scene.answers["/lag/history"])], NIGHT)
    return lag_view(lag(scene.board), hour, NIGHT, locale)


def figures(board: Json, locale: LocaleFormat = EN) -> Figures:
    found = view_of(board, locale).figures
    assert found is not None
    return found


def a_stage_that_is(state: str, **phrase: Any) -> Json:
    """A board on which the ledger is in this state."""
    ledger = {"state": state, "rule": "of_a_newer_watch", "behind": 3} | phrase
    return a_board(state=state, stages=stages(NIGHT, ledger=ledger))


# ------------------------------------------------------------------ as HTML
class _Tree(HTMLParser):
    """Elements of HTML in which each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def html_of(view: LagView) -> Element:
    """The content of the page."""
    locale = view.moment.locale
    whole = environment()
    assert whole.loader is not None
    frame = DictLoader({"base.html": "<main>{% block content %}{% endblock %}</main>"})
    content = whole.overlay(loader=ChoiceLoader([frame, whole.loader]))
    html = content.get_template("lag.html").render(
        {
            "title": "",
            "lag": view,
            "locale": locale,
            "_": lambda msgid, **facts: locale.say(Translatable(msgid), **facts),
            "pgettext": lambda context, msgid: locale.say(pgettext(context, msgid)),
        }
    )
    tree = _Tree()
    tree.feed(html)
    return tree.builder.close()


def text_of(element: Element) -> str:
    """All its text, as one line."""
    return " ".join("".join(element.itertext()).split())


def table(view: LagView, section: str) -> list[list[str]]:
    """The cells of the table of a section."""
    rows = html_of(view).findall(f".//section[@data-live='{section}']//tbody/tr")
    return [[text_of(cell) for cell in row] for row in rows]


def waiting(view: LagView) -> dict[str, Sequence[str]]:
    """What else waits: the heading with its count, whatever is late, and the lines, by link."""
    return {
        text_of(article).partition(" ")[0].lower(): [
            text_of(each) for path in ("h3", "p", "ul/li") for each in article.findall(path)
        ]
        for article in html_of(view).findall(".//article")
    }
