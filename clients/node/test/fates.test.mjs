// What becomes of requests when the connection, time or the caller's patience ends; against a gateway that misbehaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, ItermbusError, connect } from 'itermbus';
import { fakeGateway } from './fake_gateway.mjs';
import { event, waitUntil } from './system.mjs';

const quick = { minimum: 5, maximum: 20 };

/** Runs a test with a fake gateway and a client of it, and ends both. */
function withFake(name, answer, body) {
  test(name, async () => {
    const fake = await fakeGateway(answer);
    const client = await connect({ path: fake.path, reconnect: quick });
    try {
      await body(client, fake);
    } finally {
      await client.close();
      await fake.stop();
    }
  });
}

/** What a promise rejects with. */
async function rejection(promise) {
  const error = await promise.then(() => assert.fail('it was not refused'), (reason) => reason);
  assert.ok(error instanceof ItermbusError, String(error));
  return error;
}

const silence = () => undefined;
const hangUp = (_message, { socket }) => socket.destroy();

withFake('an input whose answer never came is not sent again', hangUp, async (client, fake) => {
  const session = client.session('S');
  const [error] = await Promise.all([rejection(session.type('rm x\n')), event(client, 'reconnect')]);
  assert.equal(error.code, 'disconnected');
  assert.equal(error.mayHaveHappened, true);
  assert.equal(fake.requests.length, 1);
  const stream = session.open();
  const [failed] = await Promise.all([event(stream, 'error'), new Promise((done) => stream.write('ls\n', () => done()))]);
  assert.equal(failed.code, 'disconnected');
  await waitUntil(() => client.connected, 'another connection');
  const typed = fake.requests.filter((request) => request.type === 'input').map(({ data }) => atob(data));
  assert.ok(typed.filter((text) => text === 'ls\n').length <= 1, String(typed));
});

withFake('what was never sent waits for a connection', (message, { send, socket }) => {
  if (message.type === 'ping') socket.destroy();
  else send({ type: 'result', id: message.id, written: 2 });
}, async (client, fake) => {
  const stream = client.session('S').open();
  await rejection(client.ping());
  assert.equal(client.connected, false);
  const error = await rejection(client.session('S').type('no'));
  assert.deepEqual([error.code, error.mayHaveHappened], ['disconnected', false]);
  await new Promise((resolve, reject) => stream.write('ok', (failed) => (failed ? reject(failed) : resolve())));
  assert.deepEqual(fake.requests.filter(({ type }) => type === 'input').map(({ data }) => atob(data)), ['ok']);
});

withFake('time runs out, and the caller gives up', silence, async (client) => {
  const late = await rejection(client.ping({ timeout: 20 }));
  assert.deepEqual([late.code, late.mayHaveHappened], ['timeout', true]);
  const controller = new AbortController();
  const aborted = rejection(client.ping({ signal: controller.signal }));
  controller.abort(new Error('enough'));
  assert.equal((await aborted).code, 'aborted');
  assert.equal((await aborted).cause.message, 'enough');
  const never = await rejection(client.ping({ signal: controller.signal }));
  assert.deepEqual([never.code, never.mayHaveHappened], ['aborted', false]);
});

withFake('only so many requests wait', silence, async (client, fake) => {
  const waiting = [1, 2, 3, 4].map(() => rejection(client.ping()));
  assert.equal((await rejection(client.ping())).code, 'busy');
  await waitUntil(() => fake.requests.length === 4, 'the requests');
  await client.close();
  for (const error of await Promise.all(waiting)) assert.equal(error.code, 'closed');
  assert.equal((await rejection(client.ping())).code, 'closed');
});

withFake('a refusal says how much was written', (message, { send }) => {
  if (message.data.length > 60_000) send({ type: 'result', id: message.id, written: 49_152 });
  else send({ type: 'error', id: message.id, code: 'busy', message: 'it does not read', written: 8, holder: 'phone' });
}, async (client, fake) => {
  const error = await rejection(client.session('S').type('x'.repeat(49_152 + 100)));
  assert.deepEqual([error.code, error.written, error.holder, error.mayHaveHappened], ['busy', 49_160, 'phone', false]);
  assert.equal(fake.requests.length, 2);
});

withFake('a refused input ends a stream, unless somebody wants to know of it', (message, { send }) => {
  if (message.type === 'input') send({ type: 'error', id: message.id, code: 'busy', message: 'held' });
}, async (client) => {
  const stream = client.session('S').open();
  stream.write('x');
  assert.equal((await event(stream, 'error')).code, 'busy');
  assert.ok(stream.destroyed);
  const refusals = [];
  const other = client.session('S').open({ refused: (error) => refusals.push(error.code) });
  other.write('x');
  await new Promise((resolve) => other.write('y', resolve));
  assert.deepEqual(refusals, ['busy', 'busy']);
  assert.ok(!other.destroyed);
});

withFake('a line that is too long, and one that is not JSON, end the connection', silence, async (client, fake) => {
  for (const line of ['x'.repeat(70_000), '{"type":\n', '[]\n']) {
    const told = event(client, 'disconnect');
    const back = event(client, 'reconnect');
    [...fake.sockets].at(-1).write(line);
    assert.equal((await told).code, 'protocol');
    await back;
  }
});

withFake('a byte that is missing without a gap is not passed on', (message, { send }) => {
  if (message.type !== 'subscribe') return;
  send({ type: 'result', id: message.id });
  const at = { session_id: 'S', epoch: 'E', data: Buffer.from('ab').toString('base64') };
  const modes = {};
  send({ ...at, type: 'snapshot', offset: 10, columns: 8, rows: 2, cursor: { column: 0, row: 0 }, modes, approximate: false });
  send({ ...at, type: 'data', offset: 10, next: 12 });
  send({ ...at, type: 'data', offset: 13, next: 15 });
}, async (client, fake) => {
  const stream = client.session('S').open();
  const read = [];
  stream.on('data', (chunk) => read.push(chunk.toString()));
  assert.equal((await event(client, 'disconnect')).code, 'protocol');
  await waitUntil(() => fake.hellos.length === 2, 'another hello');
  assert.deepEqual(fake.hellos[1].resume, { S: { epoch: 'E', offset: 12 } });
  assert.deepEqual(read, ['ab']);
});

withFake('messages of a newer gateway are ignored', (message, { send }) => {
  send({ type: 'weather', id: 99, forecast: 'rain' });
  send({ type: 'result', id: message.id, more: true });
}, async (client) => {
  await client.ping();
});

test('without a gateway the first connection fails, and a lost one is given up after so many attempts', async () => {
  const missing = await rejection(connect({ path: '/tmp/ib-there-is-none.sock' }));
  assert.deepEqual([missing.code, missing.cause.code], ['disconnected', 'ENOENT']);
  const fake = await fakeGateway();
  const client = await connect({ path: fake.path, reconnect: { minimum: 1, maximum: 4, attempts: 5 } });
  const stream = client.session('S').open();
  const failed = event(stream, 'error');
  const closed = event(client, 'close');
  await fake.stop();
  assert.equal((await closed).code, 'disconnected');
  assert.equal((await failed).code, 'disconnected');
  assert.equal(client.closed, true);
});

test('the default path is in the home folder; a client connects once', async () => {
  assert.equal(new Client().path, `${process.env.HOME}/.itermbus/run/gateway.sock`);
  const fake = await fakeGateway();
  const client = new Client({ path: fake.path, name: 'me', readOnly: true, stripQueries: true, window: 5, reconnect: false });
  const connected = event(client, 'connect');
  await client.connect();
  await connected;
  const { type: _type, id: _id, ...hello } = fake.hellos[0];
  assert.deepEqual(hello, {
    version: 2, client: 'me', sessions: 'none', read_only: true, strip_queries: true, resume: {}, window: 5,
  });
  assert.equal((await rejection(client.connect())).code, 'closed');
  const closed = event(client, 'close');
  await fake.stop();
  assert.equal((await closed).code, 'disconnected', 'it was told not to connect again');
});
