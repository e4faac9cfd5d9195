// What examples/ shows, run as it stands there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from 'itermbus';
import { System, freshSession, python, root, waitUntil } from './system.mjs';

let system, client, session, folder;
const running = [];
before(async () => {
  system = await System.start();
  folder = join(system.home, 'examples');
  await cp(join(root, 'examples'), folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  await mkdir(join(folder, 'node_modules'));
  await mkdir(join(folder, 'node_modules', '@msgpack'));
  const here = fileURLToPath(new URL('..', import.meta.url));
  await symlink(here, join(folder, 'node_modules', 'itermbus'));
  for (const name of ['zeromq', '@msgpack/msgpack']) {
    await symlink(join(here, 'node_modules', name), join(folder, 'node_modules', name));
  }
  client = await connect({ path: system.gateway, name: 'examples' });
  session = await freshSession(client);
});
after(async () => {
  await client?.close();
  await system?.stop();
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  }
});

/** Starts one; `said()` is what it printed so far. */
function start(program, name, ...args) {
  const child = spawn(program, [join(folder, name), ...args], { cwd: folder, env: system.environment });
  const chunks = [];
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const example = { child, ended, said: () => Buffer.concat(chunks).toString() };
  running.push(example);
  return example;
}

/** Waits until an example has printed something; `prompt` is done each time it has not. */
async function until(example, text, prompt) {
  await waitUntil(async () => {
    if (example.said().includes(text)) return true;
    await prompt?.();
    return false;
  }, text).catch((error) => assert.fail(`${error.message}; it said: ${example.said()}`));
}

test('each is about twenty lines', async () => {
  for (const name of await readdir(folder)) {
    if (!/\.(mjs|py)$/.test(name)) continue;
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line.trim() !== '');
    assert.ok(lines.length <= 22, `${name} has ${lines.length}`);
  }
});

test('tabs.mjs lists them, again when they change', async () => {
  const tabs = start(process.execPath, 'tabs.mjs');
  await until(tabs, session.id);
  const { session: made } = await client.createTab();
  await until(tabs, made.id);
  await made.close({ force: true });
});

test('watch.mjs prints the output of sessions, those to come too', async () => {
  const watch = start(process.execPath, 'watch.mjs');
  await until(watch, 'watched-2', () => session.type('echo watched-$((1+1))\n'));
  const { session: made } = await client.createTab();
  await until(watch, `${made.id} `, () => made.type('\n'));
  await made.close({ force: true });
  await until(watch, `${made.id} is gone`);
});

test('type.mjs types', async () => {
  const type = start(process.execPath, 'type.mjs', session.id, 'echo typed-$((1+1))');
  assert.equal(await type.ended, 0, type.said());
  assert.match(type.said(), /20 bytes were typed/);
  assert.match(type.said(), /typed-2/);
  const wrong = start(process.execPath, 'type.mjs', 'none');
  assert.equal(await wrong.ended, 1);
  assert.match(wrong.said(), /no_such_session/);
});

test('resume.mjs goes on where it was', async () => {
  const first = start(process.execPath, 'resume.mjs', session.id);
  await until(first, 'the screen at');
  await session.type('echo one-$((1+1))\n');
  await until(first, 'one-2\r\nready$ ');
  first.child.kill('SIGKILL');
  await first.ended;
  await session.type("echo tw''o\n");
  const second = start(process.execPath, 'resume.mjs', session.id);
  await until(second, 'two\r\nready$ ');
  assert.equal(second.said(), "echo tw''o\r\ntwo\r\nready$ ");
});

test('viewer.mjs shows the screen and types', async () => {
  await session.type('clear; echo shown-$((1+1))\n');
  const viewer = start(process.execPath, 'viewer.mjs', session.id);
  await until(viewer, 'shown-2');
  assert.ok(viewer.said().startsWith('\x1b[2J'));
  viewer.child.stdin.write('echo keyed-$((1+1))\n');
  await until(viewer, 'keyed-2');
  viewer.child.stdin.write('\x1d');
  assert.equal(await viewer.ended, 0);
});

test('trace.py prints events and frames', async () => {
  const trace = start(python, 'trace.py');
  await until(trace, `pty.${session.id} {`, () => session.type('\n'));
  const { session: made } = await client.createTab();
  await until(trace, 'event.layout {');
  await made.close({ force: true });
});

test('trace.mjs prints events and frames, and narrows', async () => {
  const trace = start(process.execPath, 'trace.mjs');
  await until(trace, `pty.${session.id} {`, () => session.type('\n'));
  const { session: made } = await client.createTab();
  await until(trace, 'event.layout {');
  const narrow = start(process.execPath, 'trace.mjs', 'stat.gateway', `pty.${made.id}`);
  await until(narrow, 'stat.gateway {');
  await until(narrow, `pty.${made.id} {`, async () => {
    await session.type('\n');
    await made.type('\n');
  });
  assert.ok(!narrow.said().includes(session.id));
  await made.close({ force: true });
});

/** The code behind `<!-- test: name -->` in a document, as a file beside the examples. */
async function written(document, name) {
  const text = await readFile(join(root, document), 'utf8');
  const [, code] = new RegExp(`<!-- test: ${name} -->\n\`\`\`js\n(.*?)\`\`\``, 's').exec(text);
  await writeFile(join(folder, 'written.mjs'), code);
  return 'written.mjs';
}

test("the README's quick start does what it says", async () => {
  const quick = start(process.execPath, await written('clients/node/README.md', 'quick start'));
  await until(quick, session.id);
  await until(quick, 'ready$ ');
  await until(quick, 'ls');
});

test("the bus's recipe prints frames, and gets from the ring what it missed", async () => {
  const recipe = start(process.execPath, await written('docs/bus.md', 'node recipe'));
  await until(recipe, session.id, () => session.type('\n'));
  // While it stands still, more passes than any queue on the way holds.
  recipe.child.kill('SIGSTOP');
  await session.type('head -c 40000000 /dev/zero | tr "\\0" x; echo; echo over > ~/flooded\n');
  await waitUntil(() => readFile(join(system.home, 'flooded'), 'utf8').catch(() => ''), 'the end of the flood');
  recipe.child.kill('SIGCONT');
  await until(recipe, 'from the ring "xxx', () => session.type('\n'));
});

test('the client by hand of the migration note resumes', async () => {
  const client = start(process.execPath, await written('docs/migrating-to-dialect-2.md', 'by hand'));
  await until(client, 'hand-2', () => session.type('echo hand-$((1+1))\n'));
  await waitUntil(async () => (await system.pids()).has('gateway'), 'the gateway to be running');
  await system.kill('gateway');
  await until(client, 'again-2', () => session.type('echo again-$((1+1))\n').catch(() => undefined));
});
