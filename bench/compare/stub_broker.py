"""In the broker's place, so that the byte path can be measured without iTerm2: tells a layout and empty screens.

stub_broker.py SESSION...
"""

import sys

import zmq

from bus import codec, rpc, sockets
from bus.messages.commands import GetConfig, GetLayout, TakeSnapshot
from bus.messages.events import Config
from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from bus.messages.results import AnyResult, ConfigResult, Done, LayoutResult, Snapshot
from bus.paths import Paths

_CONFIG = Config(
    font="Menlo-Regular 12",
    cursor_type="CURSOR_TYPE_BLOCK",
    cursor_blink=False,
    scrollback=1000,
    foreground="#000000",
    background="#ffffff",
    cursor="#000000",
    selection_color="#000000",
    ansi_colors=("#000000",) * 16,
)


def layout(names: list[str]) -> Layout:
    tabs = tuple(
        Tab(
            tab_id=str(number),
            root=Split(
                vertical=False,
                children=(Session(session_id=name, title="x", columns=80, rows=25, attached=True, worker=True),),
            ),
            active_session_id=name,
        )
        for number, name in enumerate(names)
    )
    return Layout(
        broker="stub",
        revision=1,
        iterm2=Iterm2Status(state="connected", version="3.6"),
        windows=(Window(window_id="w", number=0, tabs=tabs, selected_tab_id="0"),),
        active_window_id="w",
    )


def answer(command: object, names: list[str]) -> tuple[AnyResult, bytes]:
    match command:
        case GetLayout():
            return LayoutResult(layout=layout(names)), b""
        case GetConfig():
            return ConfigResult(config=_CONFIG), b""
        case TakeSnapshot(session_id=name):
            return (
                Snapshot(session_id=name, epoch=None, offset=0, columns=80, rows=25, cursor_column=0, cursor_row=0),
                b"",
            )
        case _:
            return Done(), b""


def main() -> None:
    names = sys.argv[1:]
    paths = Paths.of_home()
    with zmq.Context() as context:
        requests = sockets.rpc_server(context, paths.broker_rpc)
        # Bound and held: the gateway subscribes there, and there is nothing to tell.
        _events = sockets.publisher(context, paths.bus_pub, [])
        print("listening", flush=True)
        while True:
            client, *parts = requests.recv_multipart()
            request, _payload = codec.decode_request(parts)
            requests.send_multipart([client, *rpc.result_parts(request.id, *answer(request.command, names))])


if __name__ == "__main__":
    main()
