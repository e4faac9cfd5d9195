// A running itermbus in a home of its own, and clients of it, for the tests.
import { spawn, execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The checkout that the package is part of. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const bin = join(root, '.venv', 'bin');
export const python = process.env.ITERMBUS_PYTHON ?? join(bin, 'python');

/** A shell that prints what it is told and nothing of its own. */
const PROFILE = "PS1='ready$ '\nunset PROMPT_COMMAND\nbind 'set enable-bracketed-paste off' 2>/dev/null\n";

/** The first true value of `condition`, or an error that says what did not happen. */
export async function waitUntil(condition, what, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for an event, or fails with what was waited for. */
export function event(emitter, name, seconds = 30) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} within ${seconds} s`)), seconds * 1000);
    emitter.once(name, (...values) => {
      clearTimeout(timer);
      resolve(values[0]);
    });
  });
}

export class System {
  static async start() {
    // Short, because a socket's path may have 104 bytes at most.
    const home = await mkdtemp('/tmp/ib-');
    for (const name of ['.bash_profile', '.profile']) await writeFile(join(home, name), PROFILE);
    const system = new System(home);
    const log = join(home, 'up.log');
    const file = await open(log, 'w');
    system.up = spawn(python, ['-m', 'itermbus', 'up', '--headless'], {
      cwd: root,
      env: system.environment,
      stdio: ['ignore', file.fd, file.fd],
    });
    system.ended = new Promise((resolve) => system.up.once('exit', resolve));
    await file.close();
    try {
      await waitUntil(async () => {
        const said = await readFile(log, 'utf8');
        if (system.up.exitCode !== null) throw new Error(`itermbus did not start:\n${said}`);
        return said.includes(system.gateway);
      }, '`itermbus up` to say where the gateway is', 60);
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  constructor(home) {
    this.home = home;
    this.gateway = join(home, '.itermbus', 'run', 'gateway.sock');
  }

  get environment() {
    const { PATH, LANG, LC_ALL, USER, LOGNAME, TMPDIR } = process.env;
    const kept = Object.entries({ PATH, LANG, LC_ALL, USER, LOGNAME, TMPDIR }).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(kept), HOME: this.home };
  }

  /** The pids of what runs, by its name in the process table. */
  async pids() {
    const { stdout } = await run(join(bin, 'supervisorctl'), ['-c', 'supervisord.conf', 'status'], {
      cwd: root,
      env: this.environment,
    }).catch((error) => error);
    const found = [...stdout.matchAll(/^(\S+)\s+RUNNING\s+pid (\d+),/gm)];
    return new Map(found.map(([, name, pid]) => [name, Number(pid)]));
  }

  /** Kills one of them as nobody can be asked to; supervisord starts it again. */
  async kill(name) {
    process.kill((await this.pids()).get(name), 'SIGKILL');
  }

  /** Ends it all; what is left of this home, and nothing else, is killed. */
  async stop() {
    if (this.up.exitCode === null) this.up.kill('SIGTERM');
    await this.ended;
    const kill = 'import sys, pathlib; from tests.support import kill_all_of; kill_all_of(pathlib.Path(sys.argv[1]))';
    await run(python, ['-c', kill, this.home], { cwd: root });
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Everything that a stream gives, and how to wait for some of it. */
export class Output {
  constructor(stream) {
    this.chunks = [];
    this.length = 0;
    stream.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.length += chunk.length;
    });
  }

  get bytes() {
    this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0];
  }

  async until(text, seconds = 30) {
    let seen = -1;
    await waitUntil(() => {
      if (this.length === seen) return false;
      seen = this.length;
      return this.bytes.includes(text);
    }, `${JSON.stringify(text)} in the output`, seconds).catch((error) => {
      throw new Error(`${error.message}; got ${JSON.stringify(this.bytes.subarray(-200).toString())}`);
    });
  }
}

/** A new tab at its prompt, attached; its echo comes as bytes. */
export async function freshSession(client) {
  await waitUntil(() => client.iterm2.connected, 'iTerm2');
  const { session } = await client.createTab();
  await waitUntil(() => session.attached, 'the new session to be attached');
  const stream = session.open();
  const output = new Output(stream);
  await event(stream, 'snapshot');
  // The shell may still be starting: what answers this is its prompt.
  await session.type("echo at-$((40+2))\n");
  await output.until('at-42\r\n');
  await output.until('ready$ ');
  stream.destroy();
  await event(stream, 'close');
  return session;
}
