"""Dialect 2 of the gateway's contract: how each message to a client becomes lines. Pure."""

import msgspec

from bus.errors import RequestError
from bus.messages.events import Config, PromptMark, SessionSnapshot, SizeChanged
from bus.messages.results import Snapshot as BusSnapshot
from workers.gateway import wire
from workers.gateway.dialect2_messages import ConfigChanged, ConfigValues, Cursor, Error, Gap, Prompt, Size, Snapshot

#: Bytes of a repaint in one `snapshot`: what is left of a line by its other keys.
_REPAINT_BYTES = 40_000


def data_line(session_id: str, epoch: str, offset: int, end: int, data: bytes) -> bytes:
    """A `data` line, made by hand: this is the hot path. Session ids and epochs need no escapes."""
    head = f'{{"type":"data","session_id":"{session_id}","epoch":"{epoch}","offset":{offset},"next":{end},"data":"'
    return wire.data_line(head, data)


def mark_line(mark: SizeChanged | PromptMark) -> bytes:
    """A `size` or `prompt` line."""
    if isinstance(mark, SizeChanged):
        return wire.line(
            Size(session_id=mark.session_id, epoch=mark.epoch, offset=mark.offset, columns=mark.columns, rows=mark.rows)
        )
    return wire.line(
        Prompt(
            session_id=mark.session_id,
            epoch=mark.epoch,
            offset=mark.offset,
            state=mark.state,
            command=None if mark.command is None else mark.command[:2048],
            status=mark.status,
            path=None if mark.path is None else mark.path[:1024],
        )
    )


def gap_line(session_id: str, epoch: str, start: int, end: int) -> bytes:
    return wire.line(Gap(session_id=session_id, epoch=epoch, start=start, end=end))


def snapshot_lines(snapshot: BusSnapshot, repaint: bytes, request_id: str | int | None = None) -> list[bytes]:
    """A `snapshot`, in as many lines as its repaint needs."""
    message = Snapshot(
        session_id=snapshot.session_id,
        epoch=snapshot.epoch,
        offset=snapshot.offset,
        columns=snapshot.columns,
        rows=snapshot.rows,
        cursor=Cursor(column=snapshot.cursor_column, row=snapshot.cursor_row),
        modes=snapshot.modes,
        approximate=snapshot.approximate,
        id=request_id,
        data=b"",
    )
    starts = range(0, max(1, len(repaint)), _REPAINT_BYTES)
    return [
        wire.line(
            msgspec.structs.replace(
                message, data=repaint[start : start + _REPAINT_BYTES], more=start + _REPAINT_BYTES < len(repaint)
            )
        )
        for start in starts
    ]


def unasked_snapshot_lines(told: SessionSnapshot, repaint: bytes) -> list[bytes]:
    """A `snapshot` of a session whose bytes nobody gets, so it has no place among any."""
    snapshot = BusSnapshot(
        session_id=told.session_id,
        epoch=None,
        offset=0,
        columns=told.columns,
        rows=told.rows,
        cursor_column=told.cursor_column,
        cursor_row=told.cursor_row,
    )
    return snapshot_lines(snapshot, repaint)


def config_values(config: Config) -> ConfigValues:
    return ConfigValues(**msgspec.structs.asdict(config))


def config_line(session_id: str, config: Config) -> bytes:
    return wire.line(ConfigChanged(session_id=session_id, **msgspec.structs.asdict(config)))


def error_line(problem: RequestError, request_id: str | int | None) -> bytes:
    """The `error` line. The one place where an exception becomes a message of this dialect."""
    return wire.line(
        Error(
            id=request_id,
            code=problem.code,  # type: ignore[arg-type]  # the classes of bus.errors have just these codes
            message=str(problem),
            holder=getattr(problem, "holder", msgspec.UNSET),
            written=getattr(problem, "written", msgspec.UNSET),
        )
    )
