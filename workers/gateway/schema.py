"""`python -m workers.gateway.schema FOLDER`: writes the JSON Schema of both dialects, made from their records.

Each file has two definitions to check a line against: `FromClient` and `ToClient`.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from workers.gateway import dialect1, dialect2, dialect2_messages

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """File name -> text."""
    return {
        "dialect1.schema.json": _schema("Dialect 1", dialect1.REQUESTS.values(), dialect1.MESSAGES),
        "dialect2.schema.json": _schema("Dialect 2", dialect2.REQUESTS.values(), dialect2_messages.MESSAGES),
    }


def _schema(title: str, requests: Iterable[type], messages: Iterable[type]) -> str:
    definitions: dict[str, Any] = {}
    families: dict[str, Any] = {}
    for family, types in (("FromClient", tuple(requests)), ("ToClient", tuple(messages))):
        refs, found = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
        clash = {name for name in found if name in definitions and definitions[name] != found[name]}
        if clash:
            raise ValueError(f"two records of one name: {clash}")
        definitions |= found
        families[family] = {"oneOf": list(refs)}
    text = {"$schema": _DIALECT, "title": f"{title} of the gateway", "$defs": families | definitions}
    return json.dumps(text, indent=2) + "\n"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schema"))
