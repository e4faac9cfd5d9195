"""The text of function calls (iTerm2 sources/Language/iTermSwiftyStringParser.m)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iterm2.util import invocation_string

from headless.errors import InvocationError
from headless.invocation import evaluate, parse
from headless.variables import Scope, Variables


def value(text: str) -> object:
    """The value of one argument."""
    variables = Variables(Scope.SESSION, lambda _owner, _name: None)
    variables.update({"columns": 80, "user.x": "hello"})
    return evaluate(parse(f"f(a: {text})").arguments["a"], variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"plain"', "plain"),
        (r'"a\n\t\\\"\/\u00e9\q"', 'a\n\t\\"/é\\q'),
        (r'"\(columns) wide, \(user.x)"', "80 wide, hello"),
        (r'"\\(columns)"', "\\(columns)"),
        ("12", 12),
        ("-1.5e2", -150.0),
        ("true", True),
        ('[1, ["x"], false]', [1, ["x"], False]),
        ("missing?", None),
        ("columns", 80),
    ],
)
def test_expressions(text: str, expected: object) -> None:
    assert value(text) == expected


def test_unset_variables_are_errors() -> None:
    with pytest.raises(InvocationError, match="undefined variable “None”"):
        value("None")


@pytest.mark.parametrize(
    "text", ["", "f", "f(", "f(a)", "f(a:)", 'f(a: "x)', "f(a: 1) x", "f(a: [1)", "f(a: " + "[" * 99]
)
def test_syntax_errors(text: str) -> None:
    with pytest.raises(InvocationError):
        parse(text)


@given(st.text())
def test_any_text_from_the_package_arrives(text: str) -> None:
    parsed = parse(invocation_string("iterm2.f", {"a": text}))
    assert parsed.name == "iterm2.f"
    assert evaluate(parsed.arguments["a"], Variables(Scope.APP, lambda _owner, _name: None)) == text
