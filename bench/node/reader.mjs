// The Node client of a terminal that floods: checks every byte, and does nothing else with them.
//
//   reader.mjs PLAN
//
// PLAN is JSON: `command` (words; waits for its sign, then prints `bytes` bytes of the endless repetition of the file
// `pattern`), and `socket`, the gateway's, or null: then node-pty runs the command here. Says on stdout, one JSON object
// a line, that the command is ready, and at the end what was wrong.
import { readFileSync } from 'node:fs';
import net from 'node:net';

const plan = JSON.parse(process.argv[2]);
// Two periods, so that any piece of up to one period is a slice.
const twice = readFileSync(plan.pattern);
const period = twice.length / 2;
const ready = Buffer.from(plan.ready, 'latin1');

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

/** Counts and compares what a session prints after the command has said that it is ready. */
class Checker {
  begun = false;
  at = 0;
  wrong = 0;
  repaints = 0;
  before = Buffer.alloc(0);

  take(data) {
    if (!this.begun) {
      this.before = Buffer.concat([this.before, data]);
      const found = this.before.indexOf(ready);
      if (found < 0) return;
      this.begun = true;
      say({ ready: true });
      data = this.before.subarray(found + ready.length);
    }
    if (this.at >= plan.bytes || data.length === 0) return;
    for (let done = 0; done < data.length; ) {
      const start = this.at % period;
      const length = Math.min(data.length - done, period);
      if (data.compare(twice, start, start + length, done, done + length) !== 0) this.wrong += 1;
      this.at += length;
      done += length;
    }
    if (this.at >= plan.bytes) this.end();
  }

  /** A repaint stands for bytes that this client will not get. */
  repaint() {
    if (!this.begun || this.at >= plan.bytes) return;
    this.repaints += 1;
    this.end();
  }

  end() {
    say({ bytes: this.at, wrong: this.wrong, repaints: this.repaints });
  }
}

const checker = new Checker();

async function overNodePty() {
  const { spawn } = await import('node-pty');
  const [file, ...words] = plan.command;
  // No encoding: bytes, as they have to be passed on, and the faster of the two.
  spawn(file, words, { encoding: null, cols: 80, rows: 24 }).onData((data) => checker.take(data));
}

function overGateway() {
  const socket = net.connect(plan.socket);
  let session = null;
  const take = (message) => {
    if (message.type === 'sessions') {
      session = message.sessions.find((each) => each.is_active).session_id;
    } else if (message.type === 'ready') {
      const line = plan.command.map((word) => `'${word}'`).join(' ');
      const data = Buffer.from(`exec ${line}\n`).toString('base64');
      socket.write(JSON.stringify({ type: 'terminal_input', session_id: session, data }) + '\n');
    } else if (message.session_id !== session) {
      return;
    } else if (message.type === 'terminal_data') {
      checker.take(Buffer.from(message.data, 'base64'));
    } else if (message.type === 'initial_terminal_data') {
      checker.repaint();
    }
  };
  // Lines are ASCII; one that is not whole yet is kept in pieces.
  let pieces = [];
  socket.on('data', (data) => {
    let start = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
      const rest = data.latin1Slice(start, end);
      take(JSON.parse(pieces.length > 0 ? pieces.join('') + rest : rest));
      pieces = [];
      start = end + 1;
    }
    if (start < data.length) pieces.push(data.latin1Slice(start));
  });
}

// Whoever started this one ends it by closing stdin.
process.stdin.on('end', () => process.exit(0)).resume();
if (plan.socket === null) await overNodePty();
else overGateway();
