// The package as its users get it: packed, installed into an empty project, imported, and its types checked there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generated } from '../scripts/generate.mjs';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('..', import.meta.url));
const modules = join(folder, 'node_modules');

const USER = `
import { connect, ItermbusError, type Client, type ErrorCode, type Session, type Snapshot } from 'itermbus';

export async function use(): Promise<void> {
  const client: Client = await connect({ name: 'user', reconnect: { maximum: 100 } });
  client.on('layout', (layout) => { const windows: number = layout.windows.length; void windows; });
  const session: Session = (await client.createTab()).session;
  const stream = session.open({ refused: (error) => { const code: ErrorCode = error.code; void code; } });
  stream.on('gap', (gap) => { const lost: number = gap.to - gap.from; void lost; });
  stream.once('snapshot', (snapshot: Snapshot) => snapshot.data.length);
  stream.on('data', (chunk: Buffer) => chunk.length).pipe(process.stdout);
  for await (const chunk of stream) void chunk;
  const written: number = await session.type('ls', { timeout: 1000, signal: AbortSignal.timeout(10) });
  try { await client.ping(); } catch (error) {
    if (error instanceof ItermbusError && error.code === 'busy') console.log(error.holder, written);
    // @ts-expect-error there is no such code
    if (error instanceof ItermbusError && error.code === 'bussy') console.log();
  }
  // @ts-expect-error a lease has columns
  await session.resize({ rows: 3, lease: 3 });
  // @ts-expect-error there is no such event
  client.on('lay-out', () => undefined);
  // @ts-expect-error an event's argument has its type
  stream.on('gap', (gap) => gap.data);
}
`;

let project;
before(async () => { project = await mkdtemp(join(tmpdir(), 'ib-user-')); });
after(async () => { await rm(project, { recursive: true, force: true }); });

test('npm pack, installed into an empty project, imports and has types', async () => {
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], { cwd: folder });
  const [{ filename, files }] = JSON.parse(packed.stdout);
  const names = files.map(({ path }) => path);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']) assert.ok(names.includes(name), name);
  assert.deepEqual(names.filter((name) => !/^(dist\/|README|LICENSE|package\.json)/.test(name)), []);
  await writeFile(join(project, 'package.json'), '{"name":"user","private":true,"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(project, filename)], { cwd: project });
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(lock.packages), ['', 'node_modules/itermbus'], 'it depends on nothing');

  const script = "import('itermbus').then(({ Client, ItermbusError }) => console.log(new Client().path, ItermbusError.name))";
  const said = await run(process.execPath, ['-e', script], { cwd: project });
  assert.match(said.stdout, /gateway\.sock ItermbusError/);

  await writeFile(join(project, 'use.ts'), USER);
  // Its users have Node's types too.
  await symlink(join(modules, '@types'), join(project, 'node_modules', '@types'));
  await symlink(join(modules, 'undici-types'), join(project, 'node_modules', 'undici-types'));
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'NodeNext', '--target', 'ES2022', '--noEmit', 'use.ts'];
  await run(process.execPath, [join(modules, 'typescript', 'bin', 'tsc'), ...flags], { cwd: project }).catch((error) => {
    assert.fail(error.stdout);
  });
});

test('src/messages.ts is what docs/schema says', async () => {
  const source = await readFile(new URL('../src/messages.ts', import.meta.url), 'utf8');
  assert.equal(source, await generated(), 'npm run generate');
});

test('no file names a registry, and no any leaks out of the types', async () => {
  const lock = await readFile(new URL('../package-lock.json', import.meta.url), 'utf8');
  assert.doesNotMatch(lock, /"resolved"|registry/);
  const { stdout } = await run('grep', ['-rnwE', 'any', 'dist', '--include=*.d.ts']).catch((error) => error);
  assert.deepEqual(stdout.split('\n').filter((line) => /[:<(|] ?any\b/.test(line)), []);
});
