"""A tab's panes: a tree of splits, and how a rectangle of cells is divided among them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_P = TypeVar("_P")

#: Smallest pane (iTerm2: kVT100ScreenMinColumns, kVT100ScreenMinRows).
MIN_COLUMNS = 2
MIN_ROWS = 2
#: Cells between two panes. iTerm2 measures dividers and pane titles in points; one cell stands for both.
DIVIDER = 1


@dataclass(slots=True)
class Split(Generic[_P]):
    """Children side by side (`vertical`: the dividers are vertical) or one above the other."""

    vertical: bool
    children: list["Split[_P] | _P"] = field(default_factory=list)
    #: Shares of the space, one for each child.
    weights: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rect:
    """A place in cells, from the top left."""

    x: int
    y: int
    columns: int
    rows: int


def panes(node: Split[_P]) -> Iterator[_P]:
    """All panes, in reading order of the tree."""
    for child in node.children:
        if isinstance(child, Split):
            yield from panes(child)
        else:
            yield child


def parent_of(node: Split[_P], pane: _P) -> Split[_P] | None:
    """The split that directly holds `pane`."""
    for child in node.children:
        if child is pane:
            return node
        if isinstance(child, Split) and (found := parent_of(child, pane)) is not None:
            return found
    return None


def split(root: Split[_P], pane: _P, new: _P, *, vertical: bool, before: bool) -> None:
    """Puts `new` beside `pane`, which gives it half of its space; `pane` must be in the tree."""
    parent = parent_of(root, pane)
    if parent is None:
        raise ValueError("the pane is not in this tab")
    index = _index(parent, pane)
    if len(parent.children) == 1:
        parent.vertical = vertical
    if parent.vertical == vertical:
        share = parent.weights[index] / 2
        parent.weights[index] = share
        at = index if before else index + 1
        parent.children.insert(at, new)
        parent.weights.insert(at, share)
    else:
        pair: list[Split[_P] | _P] = [new, pane] if before else [pane, new]
        parent.children[index] = Split(vertical, pair, [1.0, 1.0])


def remove(root: Split[_P], pane: _P) -> None:
    """Takes a pane out; its neighbour gets its space, and splits of one child disappear."""
    parent = parent_of(root, pane)
    if parent is None:
        return
    index = _index(parent, pane)
    weight = parent.weights.pop(index)
    del parent.children[index]
    if parent.children:
        parent.weights[max(0, index - 1)] += weight
    _collapse(root)


def replace(root: Split[_P], old: _P, new: _P) -> None:
    """Puts `new` into the place of `old`."""
    parent = parent_of(root, old)
    if parent is not None:
        parent.children[_index(parent, old)] = new


def _index(parent: Split[_P], pane: _P) -> int:
    return next(index for index, child in enumerate(parent.children) if child is pane)


def _collapse(node: Split[_P]) -> None:
    for index, child in enumerate(node.children):
        if not isinstance(child, Split):
            continue
        _collapse(child)
        if len(child.children) == 1:
            node.children[index] = child.children[0]
        elif not child.children:
            del node.children[index], node.weights[index]
            _collapse(node)
            return
    if len(node.children) == 1 and isinstance(only := node.children[0], Split):
        node.vertical, node.children, node.weights = only.vertical, only.children, only.weights


def layout(node: Split[_P], area: Rect) -> Iterator[tuple[_P, Rect]]:
    """The rectangle of each pane when the tree fills `area`."""
    sizes = _divide(area.columns if node.vertical else area.rows, node)
    offset = 0
    for child, size in zip(node.children, sizes, strict=True):
        if node.vertical:
            rect = Rect(area.x + offset, area.y, size, area.rows)
        else:
            rect = Rect(area.x, area.y + offset, area.columns, size)
        offset += size + DIVIDER
        if isinstance(child, Split):
            yield from layout(child, rect)
        else:
            yield child, rect


def _divide(length: int, node: Split[_P]) -> list[int]:
    """Shares `length` out by weight; every child gets the minimum at least, even past the end."""
    minimum = MIN_COLUMNS if node.vertical else MIN_ROWS
    available = length - DIVIDER * (len(node.children) - 1)
    total = sum(node.weights)
    sizes = [max(minimum, int(available * weight / total)) for weight in node.weights]
    for index in range(available - sum(sizes)):
        sizes[index % len(sizes)] += 1
    excess = sum(sizes) - available
    while excess > 0 and max(sizes) > minimum:
        largest = sizes.index(max(sizes))
        sizes[largest] -= 1
        excess -= 1
    return sizes


def can_split(rect: Rect, *, vertical: bool) -> bool:
    """Whether a pane of this size can be split (SplitPaneResponse CANNOT_SPLIT otherwise)."""
    if vertical:
        return rect.columns >= 2 * MIN_COLUMNS + DIVIDER
    return rect.rows >= 2 * MIN_ROWS + DIVIDER
