import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { connect, sessionsOf } from 'itermbus';
import { System, Output, event, freshSession, waitUntil } from './system.mjs';

let system, client, session;
before(async () => { system = await System.start(); });
after(async () => { await system?.stop(); });
beforeEach(async () => {
  client = await connect({ path: system.gateway, name: 'commands' });
  session = await freshSession(client);
});
afterEach(async () => { await client?.close(); });

test('tabs, windows and panes come and go', async () => {
  const { session: first, tab_id } = await client.createTab();
  const half = await first.split({ vertical: true });
  assert.equal(half.tab_id, tab_id);
  assert.equal(half.session.tabId, tab_id);
  const places = [...sessionsOf(client.layout)].filter((place) => place.tab_id === tab_id);
  assert.deepEqual(places.map((place) => place.session.session_id), [first.id, half.session.id]);
  const other = await client.createWindow();
  assert.equal(client.session(other.session.id), other.session);
  const focus = event(client, 'focus');
  await client.activateTab(tab_id);
  assert.equal((await focus).tab_id, tab_id);
  await other.session.activate();
  await client.activateWindow(first.windowId);
  const gone = new Set([first, half.session, other.session].map(({ id }) => id));
  client.on('closed', ({ session_id }) => gone.delete(session_id));
  await half.session.close({ force: true });
  await client.closeTab(tab_id, { force: true });
  await client.closeWindow(other.window_id, { force: true });
  await waitUntil(() => gone.size === 0, 'all of them to be closed');
  assert.ok(first.closed && !client.sessions.has(first.id));
});

test('a snapshot, a profile, a ping', async () => {
  await session.type('seq 300\n');
  const stream = session.open();
  await event(stream, 'snapshot');
  const output = new Output(stream);
  await session.type("echo do''ne\n");
  await output.until('done\r\n');
  const snapshot = await session.snapshot({ scrollback: 400 });
  assert.match(snapshot.data.toString(), /\b17\b/);
  assert.deepEqual([snapshot.columns, snapshot.rows], [session.columns, session.rows]);
  const profile = await session.profile();
  assert.equal(profile.ansiColors.length, 16);
  await client.ping();
  assert.match(client.server, /^itermbus/);
  assert.equal(client.iterm2.connected, true);
});

test('a snapshot that is longer than a line comes whole', async () => {
  const stream = session.open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  await session.type("for i in $(seq 3000); do printf '%060d\\n' $i; done; echo do''ne\n");
  await output.until('done\r\n');
  const { data } = await session.snapshot({ scrollback: 3000 });
  assert.ok(data.length > 50_000, `${data.length} bytes`);
  assert.ok(data.includes('0'.repeat(56) + '2999'));
});

test('refusals have the code of their reason', async () => {
  const other = await connect({ path: system.gateway, name: 'other' });
  const reader = await connect({ path: system.gateway, readOnly: true });
  await session.claim();
  await assert.rejects(other.session(session.id).type('x'), { name: 'ItermbusError', code: 'busy', holder: 'commands', written: 0 });
  await session.release();
  assert.equal(await other.session(session.id).type('\n'), 1);
  await session.resize({ columns: 70, rows: 20, lease: 60 });
  await assert.rejects(other.session(session.id).resize({ columns: 71, rows: 20, lease: 60 }), { code: 'busy', holder: 'commands' });
  await assert.rejects(reader.session(session.id).type('x'), { code: 'read_only', mayHaveHappened: false });
  await assert.rejects(client.closeTab('none'), { code: 'no_such_tab' });
  await assert.rejects(client.activateWindow('none'), { code: 'no_such_window' });
  await assert.rejects(session.resize({ columns: 80, rows: 25, lease: 0 }), { code: 'invalid' });
  await assert.rejects(client.createTab({ profile: 'x'.repeat(300) }), { code: 'invalid' });
  await other.close();
  await reader.close();
});

test('queries are taken out where that is asked for', async () => {
  const viewer = await connect({ path: system.gateway, stripQueries: true });
  const stream = viewer.session(session.id).open();
  await event(stream, 'snapshot');
  const output = new Output(stream);
  await session.type("printf 'a\\033[5nb''c\\n'; read -r -n 4 -s reply; echo don''e\n");
  await output.until('done\r\n');
  assert.ok(output.bytes.includes('abc\r\n'));
  await viewer.close();
});

test('two inputs keep their order, whoever waits for them', async () => {
  const stream = session.open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  await session.type("stty -echo; echo lis''tening; cat\n");
  await output.until('listening\r\n');
  const all = [];
  for (let number = 100; number < 300; number++) all.push(session.type(`${number}\n`));
  await Promise.all(all);
  await output.until('299\r\n');
  const lines = [...output.bytes.toString().matchAll(/(\d{3})\r\n/g)].map(([, number]) => Number(number));
  assert.deepEqual(lines.slice(-200), Array.from({ length: 200 }, (_, index) => index + 100));
  await session.type('\x04');
});

test('events of a session come to the client', async () => {
  const stream = session.open();
  await event(stream, 'snapshot');
  const changed = new Promise((resolve) => {
    client.on('session', (change) => { if (change.session_id === session.id && change.title?.includes('new name')) resolve(change); });
  });
  await session.type("printf '\\033]0;new name\\007'\n");
  assert.match((await changed).title, /new name/);
  assert.match(session.title, /new name/);
});
