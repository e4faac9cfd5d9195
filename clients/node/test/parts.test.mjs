// The parts that decide without a socket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../dist/backoff.js';
import { CreditAccount } from '../dist/credit.js';
import { Inbox } from '../dist/inbox.js';
import { LayoutAssembler } from '../dist/layout.js';
import { LineSplitter } from '../dist/lines.js';
import { advanced, painted } from '../dist/position.js';
import { SnapshotAssembler } from '../dist/snapshots.js';

test('lines come out whole, however they are cut', () => {
  const text = 'first\n\nzwölf\nlast\nrest';
  for (let size = 1; size < 30; size++) {
    const splitter = new LineSplitter();
    const bytes = Buffer.from(text);
    const lines = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.split(bytes.subarray(at, at + size)));
    assert.deepEqual(lines, ['first', '', 'zwölf', 'last']);
  }
});

test('a line has 64 KiB at most', () => {
  const splitter = new LineSplitter();
  assert.equal([...splitter.split(Buffer.from(`${'x'.repeat(65_535)}\n`))][0].length, 65_535);
  assert.throws(() => [...splitter.split(Buffer.from('x'.repeat(65_536)))], { code: 'protocol' });
});

test('waits double, are bounded, begin anew after a good connection, and end', () => {
  let now = 1;
  const backoff = new Backoff({ minimum: 100, maximum: 400, attempts: 4 }, () => now);
  const expect = (wait, most) => assert.ok(wait > most * 0.7 && wait <= most, `${wait} of ${most}`);
  for (const most of [100, 200, 400]) expect(backoff.next(), most);
  backoff.connected();
  expect(backoff.next(), 400);
  assert.equal(backoff.next(), undefined);
  backoff.connected();
  now += 10_000;
  expect(backoff.next(), 100);
});

test('credit is given back by halves, and what waited over a reconnection is not', () => {
  const account = new CreditAccount(100);
  account.begin(0);
  assert.deepEqual([account.take(30), account.take(30), account.take(49), account.take(1)], [0, 60, 0, 50]);
  assert.ok(account.mayBegin(50) && !account.mayBegin(51));
  account.begin(50);
  assert.deepEqual([account.take(50), account.take(50)], [0, 50]);
});

test('the inbox keeps the newest of what replaces itself, and forgets marks past a number', () => {
  const inbox = new Inbox();
  const bytes = { kind: 'bytes', data: Buffer.from('x'), span: 3 };
  inbox.add({ kind: 'snapshot', message: 1 });
  inbox.add({ kind: 'snapshot', message: 2 });
  inbox.add(bytes);
  assert.equal(inbox.span, 3);
  for (let count = 0; count < 5000; count++) inbox.add({ kind: 'prompt', message: count });
  const seen = [];
  for (; inbox.head !== undefined; inbox.shift()) seen.push(inbox.head);
  assert.equal(seen[0].message, 2);
  assert.equal(seen[1], bytes);
  assert.equal(seen.length, 1002);
  assert.equal(inbox.span, 0);
  inbox.add({ kind: 'size', message: 3 });
  assert.equal(inbox.head.message, 3);
});

test('positions: no byte is missing, doubled or moved', () => {
  const at = { epoch: 'E', offset: 5 };
  const data = (epoch, offset, next) => ({ type: 'data', session_id: 'S', epoch, offset, next });
  assert.deepEqual(advanced(at, data('E', 5, 9)), { epoch: 'E', offset: 9 });
  assert.deepEqual(advanced(at, { type: 'gap', session_id: 'S', epoch: 'E', from: 5, to: 7 }), { epoch: 'E', offset: 7 });
  for (const wrong of [data('E', 4, 9), data('E', 6, 9), data('F', 5, 9), data('E', 5, 4), data('E', 5, 'x')]) {
    assert.throws(() => advanced(at, wrong), { code: 'protocol' });
  }
  assert.deepEqual(painted(at, { epoch: 'F', offset: 0 }), { epoch: 'F', offset: 0 });
  assert.deepEqual(painted(at, { epoch: null, offset: 0 }), at);
  assert.throws(() => painted(at, { epoch: 'E', offset: 6 }), { code: 'protocol' });
});

test('a snapshot and a layout in parts are put together', () => {
  const snapshots = new SnapshotAssembler();
  const part = (text, more, id) => ({ session_id: 'S', epoch: 'E', offset: 1, more, id, data: Buffer.from(text).toString('base64') });
  assert.equal(snapshots.take(part('a', true)), undefined);
  assert.equal(snapshots.take(part('x', true, 7)), undefined);
  assert.equal(snapshots.take(part('y', false, 7)).data.toString(), 'xy');
  const endless = part('x'.repeat(30_000), true);
  assert.throws(() => { for (;;) snapshots.take(endless); }, { code: 'protocol' });
  const layouts = new LayoutAssembler();
  const window = (id, ...tabs) => ({ window_id: id, selected_tab_id: null, tabs });
  assert.equal(layouts.take({ windows: [window('1', 'a')], buried: ['x'], more: true }), undefined);
  const whole = layouts.take({ windows: [window('1', 'b'), window('2')], buried: [], more: false });
  assert.deepEqual(whole.windows, [window('1', 'a', 'b'), window('2')]);
  assert.deepEqual(whole.buried, ['x']);
});
