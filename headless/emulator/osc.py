"""Operating system commands: titles, working folder, colours, shell integration, iTerm2's own."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

#: Longest text taken from a program for a title or a folder.
_MAX_TEXT = 4096
#: Waiting custom sequences per batch; more are dropped, as a flood of them is no message.
_MAX_CUSTOM = 256
_COLOR_NAMES = {"10": "foreground", "11": "background", "12": "cursor"}


def execute(terminal: "Terminal", body: str) -> None:
    """Carries out one OSC; unknown ones are ignored."""
    code, _, rest = body.partition(";")
    action = _ACTIONS.get(code)
    if action is not None:
        action(terminal, code, rest)


def _titles(terminal: "Terminal", code: str, text: str) -> None:
    if code in "01":
        terminal.tell("terminalIconName", text[:_MAX_TEXT])
    if code in "02":
        terminal.tell("terminalWindowName", text[:_MAX_TEXT])


def _folder(terminal: "Terminal", _code: str, text: str) -> None:
    """OSC 7: a file URL of the working folder."""
    try:
        url = urlsplit(text[:_MAX_TEXT])
    except ValueError:
        return
    if url.scheme == "file" and url.path.startswith("/"):
        terminal.tell("path", unquote(url.path))


def _color_query(terminal: "Terminal", code: str, text: str) -> None:
    """OSC 10 to 12 with `?`, answered with 16 bits a component; setting colours is not kept."""
    color = terminal.colors.get(_COLOR_NAMES[code])
    if text == "?" and color is not None:
        terminal.reply(f"\x1b]{code};rgb:" + "/".join(f"{part * 257:04x}" for part in color) + "\x1b\\")


def _palette_query(terminal: "Terminal", _code: str, text: str) -> None:
    """OSC 4 with `?` for one of the sixteen named colours."""
    parts = text.split(";")
    for index, value in zip(parts[::2], parts[1::2], strict=False):
        color = terminal.colors.get(index)
        if value == "?" and color is not None:
            terminal.reply(f"\x1b]4;{index};rgb:" + "/".join(f"{part * 257:04x}" for part in color) + "\x1b\\")


def _integration(terminal: "Terminal", _code: str, text: str) -> None:
    """OSC 133, FinalTerm's marks: A prompt begins, B command begins, C output begins, D command ended."""
    kind, _, rest = text.partition(";")
    _, line = terminal.position()
    at = (terminal.grid.column(), line)
    if kind == "A":
        terminal.marks.prompt_begins(at)
    elif kind == "B":
        event = terminal.marks.command_begins(at)
        if event:
            terminal.news.prompts.append(event)
    elif kind == "C":
        event = terminal.marks.output_begins(at, lambda start: text_between(terminal, start, at))
        if event:
            terminal.news.prompts.append(event)
    elif kind == "D":
        status = rest.partition(";")[0]
        event = terminal.marks.command_ended(at, int(status[:9]) if status.isdecimal() else 0)
        if event:
            terminal.news.prompts.append(event)


def text_between(terminal: "Terminal", start: tuple[int, int], end: tuple[int, int]) -> str:
    """The characters from one position (column, absolute line) up to another, line breaks only at hard ends."""
    first = terminal.first_row()
    pieces: list[str] = []
    for row in range(max(0, start[1] - first), min(end[1] - first + 1, terminal.rows)):
        line = terminal.grid.lines[row]
        low = start[0] if row == start[1] - first else 0
        high = end[0] if row == end[1] - first else line.used()
        pieces.append("".join(cell for cell in line.cells[low:high] if cell >= " " or cell == "\t"))
        if not line.soft and row < end[1] - first:
            pieces.append("\n")
    return "".join(pieces).rstrip("\n")[:_MAX_TEXT]


def _iterm(terminal: "Terminal", _code: str, text: str) -> None:
    """OSC 1337: CurrentDir, RemoteHost, SetUserVar and Custom; files and images are ignored."""
    name, _, value = text.partition("=")
    if name == "CurrentDir":
        terminal.tell("path", value[:_MAX_TEXT])
        terminal.marks.folder = value[:_MAX_TEXT]
    elif name == "RemoteHost":
        user, _, host = value[:_MAX_TEXT].partition("@")
        terminal.tell("username", user)
        terminal.tell("hostname", host)
    elif name == "SetUserVar":
        variable, _, encoded = value.partition("=")
        terminal.tell(f"user.{variable[:256]}", encoded[:_MAX_TEXT])
    elif name == "Custom" and value.startswith("id=") and len(terminal.news.custom) < _MAX_CUSTOM:
        identity, _, payload = value[3:].partition(":")
        terminal.news.custom.append((identity, payload[: 16 * _MAX_TEXT]))


_ACTIONS: dict[str, Callable[["Terminal", str, str], None]] = {
    "0": _titles,
    "1": _titles,
    "2": _titles,
    "4": _palette_query,
    "7": _folder,
    "10": _color_query,
    "11": _color_query,
    "12": _color_query,
    "133": _integration,
    "1337": _iterm,
}
