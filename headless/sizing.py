"""Sizes: dividing a window's cells among its panes, and telling programs about it."""

from headless import pty_session, split_tree
from headless.host import Host
from headless.model import CELL_HEIGHT, CELL_WIDTH, CHROME_HEIGHT, CHROME_WIDTH, Tab, Window
from headless.session import Session
from headless.split_tree import Rect

#: A window's size is kept within these, as a real one is by its screen.
MAX_COLUMNS = 1000
MAX_ROWS = 1000
#: The screen that full-screen windows fill, in points.
SCREEN_SIZE = (1920, 1080)


def relayout(host: Host, tab: Tab) -> None:
    """Gives each pane of a tab its rectangle."""
    if tab.maximized is not None:
        apply_rect(host, tab.maximized, tab.window.area)
        return
    for session, rect in split_tree.layout(tab.root, tab.window.area):
        apply_rect(host, session, rect)


def apply_rect(host: Host, session: Session, rect: Rect) -> None:
    """Moves a session; a new size goes to the program (SIGWINCH), the screen, the variables and the layout."""
    old, session.rect = session.rect, rect
    if (old.columns, old.rows) == (rect.columns, rect.rows):
        return
    columns, rows = rect.columns, rect.rows
    task, program = session.task, session.program
    if task is not None and program is not None:
        host.notifier.post(lambda: _set_size(task.fileno(), columns, rows))
    host.screens.resize(session.number, columns, rows)
    session.variables.update({"columns": columns, "rows": rows})
    host.events.layout_changed()


def _set_size(master: int, columns: int, rows: int) -> None:
    if master >= 0:
        pty_session.set_size(master, columns, rows)


def resize_window(host: Host, window: Window, columns: int, rows: int) -> None:
    """Gives a window another size in cells, clamped, and all its tabs with it."""
    window.columns = max(split_tree.MIN_COLUMNS, min(MAX_COLUMNS, columns))
    window.rows = max(split_tree.MIN_ROWS, min(MAX_ROWS, rows))
    update_frame_variable(window)
    for tab in window.tabs:
        relayout(host, tab)
    host.events.layout_changed()


def set_frame(host: Host, window: Window, origin: tuple[int, int], size: tuple[int, int]) -> None:
    """Moves and resizes a window in points; its cells follow."""
    window.origin = origin
    columns = (size[0] - CHROME_WIDTH) // CELL_WIDTH
    rows = (size[1] - CHROME_HEIGHT) // CELL_HEIGHT
    resize_window(host, window, columns, rows)


def update_frame_variable(window: Window) -> None:
    """The window variable `frame`: x, y, width, height."""
    window.variables.set("frame", [*window.origin, *window.frame_size()])


def toggle_fullscreen(host: Host, window: Window) -> None:
    """Fills the screen, or goes back to the size before."""
    window.fullscreen = not window.fullscreen
    if window.fullscreen:
        window.normal = (window.origin, (window.columns, window.rows))
        window.origin = (0, 0)
        resize_window(host, window, SCREEN_SIZE[0] // CELL_WIDTH, SCREEN_SIZE[1] // CELL_HEIGHT)
    elif window.normal is not None:
        window.origin, (columns, rows) = window.normal
        resize_window(host, window, columns, rows)
    window.variables.set("style", "native full screen" if window.fullscreen else "normal")
