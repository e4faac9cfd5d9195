"""Panes share a window without gaps or overlaps."""

from hypothesis import given
from hypothesis import strategies as st

from headless.split_tree import DIVIDER, MIN_COLUMNS, MIN_ROWS, Rect, Split, can_split, layout, panes, remove, split

STEPS = st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans(), st.booleans()), max_size=25)


@given(STEPS, st.integers(2, 200), st.integers(2, 80))
def test_any_sequence_of_splits_and_removals(
    steps: list[tuple[int, bool, bool, bool]], columns: int, rows: int
) -> None:
    root: Split[str] = Split(vertical=False, children=["0"], weights=[1.0])
    area = Rect(0, 0, columns, rows)
    for number, (choice, vertical, before, removing) in enumerate(steps, 1):
        known = list(panes(root))
        pane = known[choice % len(known)]
        if removing and len(known) > 1:
            remove(root, pane)
            assert list(panes(root)) == [name for name in known if name != pane]
        elif can_split(dict(layout(root, area))[pane], vertical=vertical):
            split(root, pane, str(number), vertical=vertical, before=before)
            place = list(panes(root)).index(str(number))
            assert place == known.index(pane) + (not before)
    rects = list(layout(root, area))
    assert [name for name, _ in rects] == list(panes(root))
    assert all(rect.columns >= MIN_COLUMNS and rect.rows >= MIN_ROWS for _, rect in rects)
    assert not any(_touch(a, b) for i, (_, a) in enumerate(rects) for _, b in rects[i + 1 :])


def _touch(a: Rect, b: Rect) -> bool:
    """Whether two panes overlap, or have no divider between them."""
    return (
        a.x < b.x + b.columns + DIVIDER
        and b.x < a.x + a.columns + DIVIDER
        and a.y < b.y + b.rows + DIVIDER
        and b.y < a.y + a.rows + DIVIDER
    )


def test_a_window_is_filled() -> None:
    root: Split[str] = Split(vertical=True, children=["a", "b", "c"], weights=[1.0, 1.0, 2.0])
    assert [rect.columns for _, rect in layout(root, Rect(0, 0, 80, 25))] == [20, 19, 39]
