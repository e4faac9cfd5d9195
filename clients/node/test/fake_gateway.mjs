// A gateway that answers as a test says: for moments that a real one cannot be made to have.
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const leaf = {
  kind: 'session', session_id: 'S', title: 'a', columns: 80, rows: 25, attached: true, reason: null, path: null, job: null,
};
const tab = { tab_id: 'T', active_session_id: 'S', root: { kind: 'split', vertical: false, children: [leaf] } };
const layout = {
  windows: [{ window_id: 'W', selected_tab_id: 'T', tabs: [tab] }],
  active_window_id: 'W', active_tab_id: 'T', active_session_id: 'S', application_active: true, buried: [],
};
const welcome = { type: 'welcome', version: 2, server: 'fake', iterm2: { connected: true, version: '0' }, layout, limits: { requests: 4 } };

/** Starts one. `answer` gets each request but `hello`, and the connection it came by. */
export async function fakeGateway(answer) {
  const folder = await mkdtemp('/tmp/ib-');
  const fake = { path: `${folder}/gateway.sock`, hellos: [], requests: [], sockets: new Set() };
  fake.server = createServer((socket) => {
    fake.sockets.add(socket);
    socket.on('error', () => undefined);
    const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
    createInterface({ input: socket }).on('error', () => undefined).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.type === 'hello') {
        fake.hellos.push(message);
        send({ ...welcome, id: message.id });
      } else {
        fake.requests.push(message);
        answer?.(message, { send, socket });
      }
    });
  });
  await new Promise((resolve) => fake.server.listen(fake.path, resolve));
  fake.stop = async () => {
    for (const socket of fake.sockets) socket.destroy();
    await new Promise((resolve) => fake.server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  };
  return fake;
}
