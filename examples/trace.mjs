// Prints every event and every frame on the bus; or, with topics as arguments, those: trace.mjs event. pty.SESSION
import os from 'node:os';
import { decode } from '@msgpack/msgpack';
import { Subscriber } from 'zeromq';

const bus = new Subscriber({ linger: 0 });
bus.connect(`ipc://${os.homedir()}/.itermbus/run/bus.pub`);
const topics = process.argv.slice(2);
bus.subscribe(...(topics.length > 0 ? topics : ['']));
for await (const [topic, header, payload] of bus) {
  console.log(topic.toString(), JSON.stringify(decode(header)), JSON.stringify(payload.toString('latin1')));
}
