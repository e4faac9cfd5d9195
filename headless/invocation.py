"""The text of a function call: `name(argument: value, …)` with iTerm2's expressions in it. Pure.

Source: iTerm2 sources/Language/iTermSwiftyStringParser.m, sources/Categories/NSStringITerm.m:456.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from iterm2 import api_pb2

from headless.errors import InvocationError
from headless.variables import Variables

#: Longest invocation and deepest nesting.
MAX_TEXT = 4 * 1024 * 1024
MAX_DEPTH = 32

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SPACE = re.compile(r"\s*")
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "e": "\x1b", "\\": "\\", '"': '"'}
_ESCAPES["/"] = "/"
_CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known from the text."""

    value: object


@dataclass(frozen=True, slots=True)
class Path:
    """A variable; one that is unset is an error unless its name ends with `?`."""

    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A string with parts to be filled in."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Items:
    """An array."""

    items: tuple["Expression", ...]


Expression = Constant | Path | Text | Items


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call."""

    name: str
    arguments: Mapping[str, Expression]


def parse(text: str) -> Invocation:
    """Parses a call; raises InvocationError (FAILED) with the place of a syntax error."""
    if len(text) > MAX_TEXT:
        raise _failed("The invocation is too long")
    return _Parser(text).invocation()


def evaluate(expression: Expression, variables: Variables) -> object:
    """The value of an expression; raises InvocationError for a variable that is unset."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Items):
        return [evaluate(item, variables) for item in expression.items]
    if isinstance(expression, Text):
        return "".join(_text(evaluate(part, variables)) for part in expression.parts)
    value = variables.get(expression.name)
    if value is None and not expression.optional:
        raise _failed(
            f"Reference to undefined variable “{expression.name}”. "
            f"Change it to “{expression.name}?” to treat undefined values as null."
        )
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _failed(reason: str) -> InvocationError:
    return InvocationError(api_pb2.InvokeFunctionResponse.FAILED, reason)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def invocation(self) -> Invocation:
        name = self._match(_NAME)
        if name is None:
            raise self._error()
        self._expect("(")
        arguments: dict[str, Expression] = {}
        if not self._accept(")"):
            while True:
                argument = self._match(_NAME)
                if argument is None:
                    raise self._error()
                self._expect(":")
                arguments[argument] = self._expression()
                if self._accept(")"):
                    break
                self._expect(",")
        self._skip()
        if self._at != len(self._text):
            raise self._error()
        return Invocation(name, arguments)

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _failed("The invocation is nested too deeply")
        try:
            return self._plain_expression()
        finally:
            self._depth -= 1

    def _plain_expression(self) -> Expression:
        if self._accept('"'):
            return self._string()
        if self._accept("["):
            return self._array()
        if (number := self._match(_NUMBER)) is not None:
            return Constant(float(number) if set(number) & set(".eE") else int(number))
        if (name := self._match(_NAME)) is None:
            raise self._error()
        if name in _CONSTANTS:
            return Constant(_CONSTANTS[name])
        return Path(name, optional=self._accept("?"))

    def _array(self) -> Items:
        items: list[Expression] = []
        if self._accept("]"):
            return Items(())
        while True:
            items.append(self._expression())
            if self._accept("]"):
                return Items(tuple(items))
            self._expect(",")

    def _string(self) -> Expression:
        r"""The rest of a string: escapes are decoded, `\(expression)` is filled in later."""
        parts: list[Expression] = []
        plain: list[str] = []
        while True:
            if match := _PLAIN.match(self._text, self._at):
                plain.append(match.group())
                self._at = match.end()
            if self._at >= len(self._text):
                raise self._error()
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                break
            if self._text.startswith("(", self._at):
                self._at += 1
                parts.append(Constant("".join(plain)))
                plain.clear()
                parts.append(self._expression())
                self._expect(")")
            else:
                plain.append(self._escape())
        rest = Constant("".join(plain))
        return Text((*parts, rest)) if parts else rest

    def _escape(self) -> str:
        """What follows a backslash; an unknown escape keeps it."""
        char = self._text[self._at : self._at + 1]
        self._at += 1
        digits = self._text[self._at : self._at + 4]
        if char == "u" and re.fullmatch("[0-9a-fA-F]{4}", digits):
            self._at += 4
            return chr(int(digits, 16))
        return _ESCAPES.get(char, "\\" + char)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        if match:
            self._at = match.end()

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        self._skip()
        match = pattern.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match.group()

    def _accept(self, char: str) -> bool:
        self._skip()
        if not self._text.startswith(char, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, char: str) -> None:
        if not self._accept(char):
            raise self._error()

    def _error(self) -> InvocationError:
        return _failed(f"Syntax error at character {self._at} of the invocation")
