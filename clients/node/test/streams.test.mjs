import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { connect } from 'itermbus';
import { System, Output, event, freshSession, waitUntil } from './system.mjs';

let system, client, session;
before(async () => { system = await System.start(); });
after(async () => { await system?.stop(); });
beforeEach(async () => {
  client = await connect({ path: system.gateway, name: 'streams' });
  session = await freshSession(client);
});
afterEach(async () => { await client?.close(); });

/** What `seq -w` prints in a terminal. */
function numbers(first, last, width) {
  const lines = [];
  for (let number = first; number <= last; number++) lines.push(`${String(number).padStart(width, '0')}\r\n`);
  return lines.join('');
}

/** The bytes between two markers, which the typed line does not hold as they stand. */
function between(bytes, begin, end) {
  const text = bytes.toString('latin1');
  const from = text.indexOf(begin) + begin.length;
  return text.slice(from, text.indexOf(end, from));
}

/** What a reader that keeps up gets, from before anything is typed. */
async function watch(by, { id }) {
  const stream = by.session(id).open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  return output;
}

test('a session is a stream of its bytes, and writing to it types', async () => {
  const stream = session.open();
  const snapshot = await event(stream, 'snapshot');
  assert.equal(snapshot.session_id, session.id);
  assert.ok(snapshot.data.includes('ready$'));
  const output = new Output(stream);
  stream.write('echo $((40+2))-yes\n');
  await output.until('42-yes\r\n');
  assert.equal(stream.position.epoch, snapshot.epoch);
  assert.ok(stream.position.offset > snapshot.offset);
  assert.equal(stream.position.offset - snapshot.offset, output.length);
});

test('a killed gateway costs no byte and doubles none', async () => {
  const stream = session.open();
  const output = new Output(stream);
  const told = [];
  stream.on('gap', (gap) => told.push(gap));
  await event(stream, 'snapshot');
  stream.on('snapshot', (snapshot) => told.push(snapshot));
  let reconnects = 0;
  client.on('reconnect', () => { reconnects += 1; });
  const enough = `${system.home}/enough`;
  await session.type(
    `echo be''gin; i=0; until [ -e ${enough} ]; do i=$((i+1)); printf '%07d\\n' $i; ((i%500)) || sleep 0.01; done; echo en''d\n`,
  );
  await output.until('begin\r\n');
  for (let kill = 1; kill <= 3; kill++) {
    await system.kill('gateway');
    await waitUntil(() => reconnects === kill, 'the client to be back');
    const seen = output.length;
    await waitUntil(() => output.length > seen, 'bytes after the kill');
    // A process that ends sooner counts as one that did not start.
    await waitUntil(async () => (await system.pids()).has('gateway'), 'the gateway to be running');
  }
  await writeFile(enough, '');
  await output.until('\nend\r\n', 60);
  const lines = between(output.bytes, 'begin\r\n', 'end\r\n');
  assert.equal(lines, numbers(1, lines.length / 9, 7));
  assert.deepEqual(told, []);
});

test('a slow reader within the ring loses nothing', async () => {
  const stream = session.open();
  await event(stream, 'snapshot');
  const gaps = [];
  stream.on('gap', (gap) => gaps.push(gap));
  const fast = await connect({ path: system.gateway });
  const witness = await watch(fast, session);
  await session.type("echo be''gin; seq -w 1 200000; echo en''d\n");
  await witness.until('\nend\r\n');
  assert.ok(stream.readableLength <= 64 * 1024, 'it is not read into memory');
  let text = Buffer.alloc(0);
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    text = Buffer.concat([text.subarray(-64), chunk]);
    if (text.includes('\nend\r\n')) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(between(Buffer.concat(chunks), 'begin\r\n', 'end\r\n'), numbers(1, 200000, 6));
  assert.deepEqual(gaps, []);
  await fast.close();
});

test('a reader that lags by more than the ring gets the gap in its place, and a snapshot', async () => {
  const stream = session.open();
  const first = await event(stream, 'snapshot');
  const order = [];
  let read = 0;
  stream.on('gap', (gap) => order.push(['gap', read, gap]));
  stream.on('snapshot', (snapshot) => order.push(['snapshot', read, snapshot]));
  const fast = await connect({ path: system.gateway });
  const witness = fast.session(session.id).open().resume();
  await event(witness, 'snapshot');
  await session.type("head -c 6000000 /dev/zero | tr '\\0' x\n");
  // By its position: a flood may lap whoever the machine does not run for a moment.
  await waitUntil(() => witness.position.offset >= first.offset + 6_000_000, 'the end of the flood', 60);
  stream.on('data', (chunk) => { read += chunk.length; });
  await waitUntil(() => order.length >= 2, 'the gap and the snapshot');
  const [[, atGap, gap], [, atSnapshot, snapshot]] = order;
  assert.deepEqual(order.slice(0, 2).map(([name]) => name), ['gap', 'snapshot']);
  assert.equal(gap.from, first.offset + atGap, 'it stands where the bytes end');
  assert.equal(atSnapshot, atGap);
  assert.equal(snapshot.offset, gap.to);
  assert.equal(stream.position.offset, gap.to + read - atGap);
  await session.type("echo af''ter\n");
  await waitUntil(() => read > atGap, 'bytes after the gap');
  await fast.close();
});

test('a reader that stands still over reconnections keeps what waits bounded', async () => {
  const window = 20_000;
  const slow = await connect({ path: system.gateway, window });
  const stream = slow.session(session.id).open();
  await event(stream, 'snapshot');
  const witness = await watch(client, session);
  await session.type("echo be''gin; seq -w 1 50000; echo en''d\n");
  await witness.until('\nend\r\n');
  for (let kill = 0; kill < 3; kill++) {
    const back = event(slow, 'reconnect');
    const mine = client.connected ? event(client, 'reconnect') : undefined;
    await system.kill('gateway');
    await Promise.all([back, mine]);
    await slow.ping();
    await waitUntil(async () => (await system.pids()).has('gateway'), 'the gateway to be running');
  }
  const output = new Output(stream);
  await output.until('\nend\r\n');
  assert.equal(between(output.bytes, 'begin\r\n', 'end\r\n'), numbers(1, 50000, 5));
  await slow.close();
});

test('a stream goes on from a position that another one left', async () => {
  const stream = session.open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  await session.type("echo fi''rst\n");
  await output.until('first\r\nready$ ');
  const resume = stream.position;
  stream.destroy();
  await event(stream, 'close');
  await session.type("echo mis''sed\n");
  const later = session.open({ resume });
  const snapshots = [];
  later.on('snapshot', (snapshot) => snapshots.push(snapshot));
  const rest = new Output(later);
  await rest.until('missed\r\nready$ ');
  assert.equal(rest.bytes.toString(), "echo mis''sed\r\nmissed\r\nready$ ");
  assert.deepEqual(snapshots, []);
});

test('a screen holds the repaint among its bytes', async () => {
  await session.type("echo be''fore\n");
  const probe = session.open();
  await event(probe, 'snapshot');
  probe.destroy();
  await event(probe, 'close');
  const screen = session.screen();
  const output = new Output(screen);
  await output.until('before');
  assert.ok(output.bytes.subarray(0, 4).equals(Buffer.from('\x1b[2J')), 'it begins with a clear');
  screen.write("echo la''ter\n");
  await output.until('later\r\n');
});

test('a paste that is piped in arrives whole and in order', async () => {
  const stream = session.open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  await session.type("stty raw -echo; echo lis''tening; head -c 1000000 | cksum; stty sane; echo do''ne\n");
  await output.until('listening');
  const paste = Buffer.alloc(1_000_000);
  for (let index = 0; index < paste.length; index++) paste[index] = 97 + ((index * 7) % 26);
  await pipeline(Readable.from([paste.subarray(0, 300_000), paste.subarray(300_000)]), stream, { end: false });
  await output.until('done');
  assert.match(output.bytes.toString(), new RegExp(`${cksum(paste)} 1000000`));
});

/** The POSIX checksum, as `cksum` prints it. */
function cksum(data) {
  let crc = 0;
  const add = (byte) => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (const byte of data) add(byte);
  for (let length = data.length; length > 0; length = Math.floor(length / 256)) add(length & 255);
  return ~crc >>> 0;
}

test('the stream ends when its session does', async () => {
  const stream = session.open();
  await event(stream, 'snapshot');
  stream.resume();
  const closed = event(client, 'closed');
  stream.write('exit\n');
  await event(stream, 'end');
  assert.equal((await closed).session_id, session.id);
  assert.ok(session.closed);
  assert.throws(() => session.open(), { code: 'no_such_session' });
  assert.throws(() => client.session(session.id), { code: 'no_such_session' });
});

test('a session has one stream at a time', () => {
  session.open();
  assert.throws(() => session.open(), { code: 'already_open' });
});

test('sizes and prompts stand among the bytes', async () => {
  const stream = session.open();
  await event(stream, 'snapshot');
  const output = new Output(stream);
  const size = event(stream, 'size');
  assert.deepEqual(await session.resize({ columns: 91, rows: 23, lease: 60 }), { columns: 91, rows: 23 });
  const told = await size;
  assert.deepEqual([told.columns, told.rows], [91, 23]);
  await session.type("stty size\n");
  await output.until('23 91\r\n');
  await waitUntil(() => session.columns === 91, 'the session to know');
});
