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

#: One message on a link between the gateway and a worker: a replay or an input, with its header.
LINK_MESSAGE_BYTES = 1024 * 1024

#: What waits at one end of a link whose other end does not read; past it, a message is refused.
LINK_QUEUE_BYTES = 4 * 1024 * 1024

#: How long a request on the bus waits for its reply unless its sender says otherwise.
RPC_SECONDS = 5.0

#: `config.toml`: some forty settings.
CONFIG_BYTES = 1024 * 1024

#: --- The gateway's clients of dialect 2. Where a figure is passed, the outcome stands beside it.

#: A client's name in its `hello`, in characters; a longer one is `invalid`.
CLIENT_NAME_CHARACTERS = 64

#: Requests of one client that wait for their answers; one more gets `busy`.
REQUESTS_PER_CLIENT = 256

#: Snapshots that one client waits for by request; one more gets `busy`.
SNAPSHOTS_PER_CLIENT = 4

#: Sessions that one message names; more are `invalid`.
SESSIONS_PER_MESSAGE = 1000

#: Lines of scrollback in one snapshot; more are `invalid`.
SCROLLBACK_LINES = 20_000

#: How long a lease of a session's size may last, in seconds; anything else is `invalid`.
LEASE_SECONDS_LEAST = 1
LEASE_SECONDS_MOST = 24 * 3600

#: Credit that one message gives, and that a session can have: what goes past it is not counted.
CREDIT_BYTES = 1 << 40

#: Input that waits for one session whose program does not read; more gets `busy` at once.
INPUT_WAITING_BYTES = 1024 * 1024

#: Answers that wait for one client; past it nothing more is read from that client until it has read some.
ANSWERS_BYTES = 1024 * 1024

#: Marks (sizes, prompts) that are kept of each session for clients that are catching up; older ones are forgotten.
MARKS_KEPT = 256

#: Output that waits for one client of dialect 2; clients share the lines. Past it, or when it is late by what
#: `workers/gateway/backlog.py` says, the output that waits is dropped and replaced by a `gap` and a snapshot.
CLIENT_BACKLOG_BYTES = 64 * 1024 * 1024

#: The audit log: bytes in one file, and how many older ones are kept beside it.
AUDIT_FILE_BYTES = 1024 * 1024
AUDIT_FILES = 5
