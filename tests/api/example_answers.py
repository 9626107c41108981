"""The answers that the OpenAPI document shows, asked of the API over the example's year.

`python -m tests.api.example_answers` writes them again.
"""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from services.api.contract.published import ANSWERS
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of

ASKED: Final = {
    "/balances/lines": "/balances/lines?limit=1",
    "/payment-orders": "/payment-orders?limit=1",
    "/events/{event_id}": f"/events/paiement-avance?budget={BUDGET}",
}
"""By address of the document, what is asked."""


def answers(url: str) -> dict[str, Any]:
    """The answers of a read model of the example's year, by address of the document."""
    found = get(url, *ASKED.values())
    return {path: answer.json() for path, answer in zip(ASKED, found, strict=True)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = in_a_file(Path(folder) / "year.db")
        fill(url, journal_of(YEAR))
        text = json.dumps(answers(url), ensure_ascii=False, indent=2)
    ANSWERS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
