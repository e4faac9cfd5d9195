"""Screen contents as iTerm2 sends them (sources/PTYSession/PTYSession.m:21424-21734)."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice

from iterm2 import api_pb2

from headless.emulator.cells import EMPTY_CELLS, Color, Line, StoredLine, Style, used_length
from headless.emulator.marks import Place, Prompt
from headless.emulator.terminal import Terminal

#: More trailing lines than this are never sent (iTerm2 sources/PTYSession/PTYSession.m:21662).
MAX_TRAILING_LINES = 1_000_000

_EMPTY_TO_NOTHING = {ord(cell): None for cell in EMPTY_CELLS}


def encode_buffer(terminal: Terminal, line_range: api_pb2.LineRange) -> api_pb2.GetBufferResponse | None:
    """The lines of `line_range`; None where iTerm2 answers without a submessage, for an invalid range."""
    response = api_pb2.GetBufferResponse(status=api_pb2.GetBufferResponse.OK)
    first, rows = terminal.first_row(), terminal.rows
    wanted = response.windowed_coord_range
    if line_range.HasField("windowed_coord_range"):
        wanted.CopyFrom(line_range.windowed_coord_range)
        wanted.columns.SetInParent()
    else:
        start = first
        if not line_range.screen_contents_only:
            count = min(line_range.trailing_lines, MAX_TRAILING_LINES)
            if count < 0:
                return None
            start = max(terminal.history.overflow, first + rows - count)
        wanted.coord_range.start.x, wanted.coord_range.start.y = 0, start
        wanted.coord_range.end.x, wanted.coord_range.end.y = 0, first + rows
        wanted.columns.location, wanted.columns.length = 0, 0
    if wanted.coord_range.start.x < 0 or wanted.coord_range.end.x < 0:
        return None
    _encode_lines(terminal, wanted, response)
    response.cursor.x, response.cursor.y = terminal.position()
    return response


def _encode_lines(terminal: Terminal, wanted: api_pb2.WindowedCoordRange, response: api_pb2.GetBufferResponse) -> None:
    """Adds the lines of a range, clamped to those that exist; a last line with end column 0 is not included."""
    start, end = wanted.coord_range.start, wanted.coord_range.end
    overflow = terminal.history.overflow
    low = max(start.y, overflow)
    high = min(end.y + (1 if end.x > 0 else 0), terminal.first_row() + terminal.rows)
    left = wanted.columns.location
    right = left + wanted.columns.length if wanted.columns.length > 0 else None
    for number, line in zip(range(low, high), _lines(terminal, low - overflow, high - overflow), strict=False):
        styles = line.styles() if isinstance(line, StoredLine) else line.styles
        from_column = max(left, start.x) if number == start.y else left
        to_column, soft = right, line.soft
        if number == end.y:
            to_column = end.x if right is None else min(right, end.x)
            soft = True
        encode_line(line.cells[from_column:to_column], styles[from_column:to_column], soft, response.contents.add())


def _lines(terminal: Terminal, low: int, high: int) -> Iterator[StoredLine | Line]:
    """The lines with indexes `low` to `high`, counted from the oldest one kept."""
    stored = len(terminal.history.lines)
    if low < stored:
        yield from islice(terminal.history.lines, low, min(high, stored))
    yield from terminal.grid.lines[max(0, low - stored) : max(0, high - stored)]


def encode_line(cells: Sequence[str], styles: Sequence[Style], soft: bool, line: api_pb2.LineContents) -> None:
    """Fills in one line: trailing null cells are left out whatever their colour."""
    count = used_length(cells)
    cells = cells[:count]
    text = "".join(cells)
    line.text = text.translate(_EMPTY_TO_NOTHING) if not text.isprintable() else text
    line.continuation = (
        api_pb2.LineContents.CONTINUATION_SOFT_EOL if soft else api_pb2.LineContents.CONTINUATION_HARD_EOL
    )
    for units, group in groupby(map(utf16_units, cells)):
        line.code_points_per_cell.add(num_code_points=units, repeats=sum(1 for _ in group))
    for _, alike in groupby(styles[:count], key=_mergeable):
        run = list(alike)
        style = line.style.add()
        style.CopyFrom(encode_style(run[0]))
        style.repeats = len(run)


@lru_cache(maxsize=8192)
def utf16_units(cell: str) -> int:
    """UTF-16 code units that a cell adds to the text (sources/ExternalSessionState/ComplexCharRegistry.swift:125)."""
    if cell in EMPTY_CELLS:
        return 0
    return len(cell) if cell <= "\uffff" and len(cell) == 1 else len(cell.encode("utf-16-le")) // 2


@lru_cache(maxsize=4096)
def _mergeable(style: Style) -> tuple[object, ...]:
    """Equal for styles that iTerm2 puts into one run: those that differ only in inverse (ScreenChar.h:374)."""
    return (*_shown_colors(style), *style[2:7], *style[8:])


def _shown_colors(style: Style) -> tuple[object, object]:
    """Foreground and background after an inverse; a default that changed sides is marked."""
    if not style.inverse:
        return style.fg, style.bg
    return ("bg" if style.bg is None else style.bg), ("fg" if style.fg is None else style.fg)


@lru_cache(maxsize=4096)
def encode_style(style: Style) -> api_pb2.CellStyle:
    """A style without its repeats; colours are swapped already where it is inverse."""
    result = api_pb2.CellStyle(
        bold=style.bold,
        faint=style.faint,
        italic=style.italic,
        blink=style.blink,
        underline=style.underline,
        strikethrough=style.strikethrough,
        invisible=style.invisible,
        inverse=style.inverse,
        guarded=False,
        image=api_pb2.ImagePlaceholderType.NONE,
    )
    foreground, background = (style.bg, style.fg) if style.inverse else (style.fg, style.bg)
    default = api_pb2.AlternateColor.REVERSED_DEFAULT if style.inverse else api_pb2.AlternateColor.DEFAULT
    _set_color(result, "fg", foreground, default)
    _set_color(result, "bg", background, default)
    if style.underline_color is not None:
        red, green, blue = style.underline_color
        result.underlineColor.CopyFrom(api_pb2.RGBColor(red=red, green=green, blue=blue))
    return result


def _set_color(result: api_pb2.CellStyle, side: str, color: Color, default: "api_pb2.AlternateColor.ValueType") -> None:
    if color is None:
        setattr(result, f"{side}Alternate", default)
    elif isinstance(color, int):
        setattr(result, f"{side}Standard", color)
    else:
        red, green, blue = color
        getattr(result, f"{side}Rgb").CopyFrom(api_pb2.RGBColor(red=red, green=green, blue=blue))


def encode_prompt(terminal: Terminal, prompt: Prompt) -> api_pb2.GetPromptResponse:
    """One prompt with its ranges; those that have not begun are empty at the cursor."""
    here: Place = terminal.position()
    command_start = prompt.command_start or here
    output_start = prompt.output_start or here
    response = api_pb2.GetPromptResponse(
        status=api_pb2.GetPromptResponse.OK,
        working_directory=prompt.folder,
        command=prompt.command,
        unique_prompt_id=prompt.identifier,
    )
    _set_range(response.prompt_range, prompt.prompt_start, command_start)
    _set_range(response.command_range, command_start, output_start)
    _set_range(response.output_range, output_start, prompt.output_end or here)
    if prompt.status is not None:
        response.prompt_state = api_pb2.GetPromptResponse.FINISHED
        response.exit_status = prompt.status & 0xFFFFFFFF
    elif prompt.output_start is not None:
        response.prompt_state = api_pb2.GetPromptResponse.RUNNING
    else:
        response.prompt_state = api_pb2.GetPromptResponse.EDITING
    return response


def _set_range(target: api_pb2.CoordRange, start: Place, end: Place) -> None:
    target.start.x, target.start.y = start
    target.end.x, target.end.y = end
