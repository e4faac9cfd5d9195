"""Checks lines of the gateway against `docs/schema/`."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"


@functools.cache
def _validators(dialect: int, family: str) -> dict[str, Any]:
    """Type of a message -> what checks it: the one branch of the schema that can fit."""
    schema = json.loads((SCHEMAS / f"dialect{dialect}.schema.json").read_text())
    found = {}
    for ref in schema["$defs"][family]["oneOf"]:
        definition = schema["$defs"][ref["$ref"].rpartition("/")[2]]
        [name] = definition["properties"]["type"]["enum"]
        found[name] = jsonschema.Draft202012Validator({**ref, "$defs": schema["$defs"]})
    return found


def problem(message: dict[str, Any], dialect: int, family: str = "ToClient") -> str | None:
    """What is wrong with a message, if something is."""
    validator = _validators(dialect, family).get(message.get("type", ""))
    if validator is None:
        return f"a message of type {message.get('type')!r}"
    error = jsonschema.exceptions.best_match(validator.iter_errors(message))
    return None if error is None else f"{message['type']}: {error.message} at {error.json_path}"
