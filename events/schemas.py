"""Writes schemas/: a JSON Schema for each type of the published language (`make schemas`).

Of what Écluse writes, one is no event: the record of its journal.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from events.envelope import ENVELOPES
from events.journal import HashedMembers, Source
from events.outbound import OUTBOUND_ENVELOPES
from events.treasury import ACCOUNTING_ENVELOPES, SLIP_ENVELOPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JOURNAL_RECORD = "ecluse.journal.record.v1"
FOLDER = Path(__file__).parent.parent / "schemas"


def documents() -> dict[str, str]:
    """The schema files by name, as they should stand in schemas/."""
    models: dict[str, type[BaseModel]] = {
        **ENVELOPES,
        **OUTBOUND_ENVELOPES,
        **SLIP_ENVELOPES,
        **ACCOUNTING_ENVELOPES,
    }
    written = {name: _document(name, model) for name, model in models.items()}
    written[JOURNAL_RECORD] = _journal_record()
    return {f"{name}.schema.json": text for name, text in written.items()}


class _WithoutFieldTitles(GenerateJsonSchema):
    """pydantic makes titles of the names of fields: they would say nothing twice."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 # pydantic asks by field
        """Never."""
        return False


def _document(name: str, model: type[BaseModel]) -> str:
    schema: dict[str, Any] = model.model_json_schema(schema_generator=_WithoutFieldTitles)
    schema = {"$schema": DIALECT, "$id": f"urn:{name.replace('.', ':')}", **schema, "title": name}
    # CloudEvents allows attributes that we do not know, and each file stands for one type.
    schema["properties"]["type"] = {"const": name}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _journal_record() -> str:
    """The schema of a record; members that a later version adds are allowed."""
    (named, source), parts = msgspec.json.schema_components([HashedMembers, Source])
    schema = parts.pop(named["$ref"].removeprefix("#/$defs/"))
    event = "The event as received, in structured form, of the schema of its type; or null."
    schema["properties"] |= {
        "event": {"description": event, "type": ["object", "null"]},
        "hash": {
            "description": "SHA-256 of the canonical JSON of all other members but `event` "
            "and `source`.",
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
        },
        "source": source,
    }
    schema["required"] += ["event", "hash", "source"]
    schema["description"] = "A record of the journal (topic ecluse.journal.v1)."
    urn = f"urn:{JOURNAL_RECORD.replace('.', ':')}"
    schema = {"$schema": DIALECT, "$id": urn, "$defs": parts, **schema, "title": JOURNAL_RECORD}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write the files, and remove those of types that no longer exist."""
    wanted = documents()
    for stale in FOLDER.glob("*.schema.json"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
