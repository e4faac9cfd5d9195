"""The sizes and times that bound the bus, in one place. Bytes and seconds."""

#: One read of a coprocess's pipe, and so one frame's payload. Linux pipes hold 64 KiB by default, macOS's grow to it.
FRAME_BYTES = 64 * 1024

#: The longest header on the bus: a layout of 2000 sessions whose titles and paths are all as long as they may be.
HEADER_BYTES = 4 * 1024 * 1024

#: Sessions that have a worker; the others are shown by snapshots. supervisord needs three descriptors a process, and
#: `minfds` in supervisord.conf is 2048.
STREAMED_SESSIONS = 500

#: The longest payload on the bus: a snapshot with much scrollback.
PAYLOAD_BYTES = 16 * 1024 * 1024

#: One input request to a worker; a longer paste is sent in parts.
INPUT_BYTES = 64 * 1024

#: What a worker holds of input that the session has not taken yet; past it, input is refused with `busy`.
INPUT_BACKLOG_BYTES = 256 * 1024

#: The bytes that one replay request gets at most.
REPLAY_BYTES = 256 * 1024

#: A worker's ring of recent bytes.
RING_BYTES = 4 * 1024 * 1024

#: How long a request on the bus waits for its reply unless its sender says otherwise.
RPC_SECONDS = 5.0

#: `config.toml`: some forty settings.
CONFIG_BYTES = 1024 * 1024
