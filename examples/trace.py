"""Prints every event and every frame on the bus; or, with topics as arguments, those: trace.py event. pty.SESSION"""

import sys
from pathlib import Path

import msgpack
import zmq

bus = zmq.Context().socket(zmq.SUB)
bus.connect(f"ipc://{Path.home()}/.itermbus/run/bus.pub")
for prefix in sys.argv[1:] or [""]:
    bus.subscribe(prefix)
while True:
    topic, header, payload = bus.recv_multipart()
    print(topic.decode(), msgpack.unpackb(header), payload, flush=True)
