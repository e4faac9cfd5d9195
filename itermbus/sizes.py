"""Numbers as people read them."""

from datetime import timedelta

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def of_bytes(count: float | None) -> str:
    """`1.5 MiB`; `-` for what is not known."""
    if count is None:
        return "-"
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 100 else f"{count:.1f} {_UNITS[unit]}"


def of_rate(count: float | None) -> str:
    """`1.5 MiB/s`."""
    return "-" if count is None else f"{of_bytes(count)}/s"


def of_share(part: int | None, whole: int | None) -> str:
    """`12%`."""
    return "-" if part is None or not whole else f"{100 * part / whole:.0f}%"


def of_count(count: int | None) -> str:
    return "-" if count is None else str(count)


def of_seconds(seconds: int | None) -> str:
    """`1 day, 2:03:04`."""
    return "-" if seconds is None else str(timedelta(seconds=seconds))
