"""`docs/schema/` is what the records say; `make schema` writes it."""

import json

import jsonschema
import pytest

from tests.contract import SCHEMAS, problem
from workers.gateway import dialect2, schema


@pytest.mark.parametrize("name", ["dialect1.schema.json", "dialect2.schema.json"])
def test_the_schema_is_not_stale(name: str) -> None:
    assert (SCHEMAS / name).read_text() == schema.schemas()[name], "run `make schema`"
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.schemas()[name]))


def test_it_tells_right_from_wrong() -> None:
    gap = {"type": "gap", "session_id": "s", "epoch": "e", "from": 1, "to": 2}
    assert problem(gap, 2) is None
    assert problem({**gap, "from": -1}, 2)
    assert problem({**gap, "type": "gaps"}, 2)
    assert problem({"type": "ready"}, 1) is None
    assert problem({"type": "ready"}, 2)


@pytest.mark.parametrize("name", dialect2.REQUESTS)
def test_every_request_is_in_it(name: str) -> None:
    assert problem({"type": name, "version": 2}, 2, "FromClient") != f"a message of type {name!r}"
