"""The filter by budget on pages: the newest year first, and that there are older ones."""

import re
from html import unescape

import pytest

from services.api.budgets import choice
from tests import silence
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, CARRIED
from tests.api.reads.answers import get
from tests.read_model.filling import journal_of

no_logs = silence.no_logs

NEXT = BUDGET.replace("2023", "2024")
OPTION = re.compile(r'<option (?:value="([^"]+)"(?: selected)?|disabled)>([^<]+)</option>')
PAGES = ("/console/grants", "/console/orders", "/console/payment-plan")


def offered(url: str, path: str) -> list[str]:
    """The budgets that the filter of a page offers, and what it says besides."""
    (answer,) = get(url, path, headers={"accept": "text/html"})
    assert 200 == answer.status_code
    field = answer.text.partition('<select id="budget"')[2].partition("</select>")[0]
    return [budget or unescape(text) for budget, text in OPTION.findall(field)]


@pytest.mark.parametrize("path", PAGES)
def test_the_newest_year_stands_first(path: str, made_in_files: Made) -> None:
    assert [NEXT, BUDGET] == offered(made_in_files(journal_of(*CARRIED)), path)


@pytest.mark.parametrize("path", PAGES)
def test_older_budgets_that_are_left_out_are_said_to_be_there(
    path: str, made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = made_in_files(journal_of(*CARRIED))
    monkeypatch.setattr(choice, "BUDGETS_CHOSEN", 1)
    expected = [NEXT, BUDGET, "… older ones: under Budgets"]
    assert expected == offered(url, f"{path}?budget={BUDGET}")
