// A dialect 1 client with nothing but node:net, as its users have it. It connects, passes each line from the gateway
// to stdout and each line from stdin to the gateway. With `--sha256 SESSION BYTES` it decodes that session's output
// itself, as a viewer does, and prints the digest of the first BYTES bytes instead.
import net from 'node:net';
import readline from 'node:readline';
import { createHash } from 'node:crypto';

const [path, mode, session, bytes] = process.argv.slice(2);
const socket = net.connect(path);
socket.setNoDelay?.(true);
socket.on('error', (error) => { console.error(error.message); process.exit(1); });
socket.on('close', () => process.exit(0));

if (mode === '--sha256') {
  const wanted = Number(bytes);
  const hash = createHash('sha256');
  let seen = 0;
  let repaints = 0;
  readline.createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.type === 'ready') console.log(line);
    if (message.type === 'initial_terminal_data') repaints += 1;
    if (message.type !== 'terminal_data' || message.session_id !== session || seen >= wanted) return;
    const data = Buffer.from(message.data, 'base64').subarray(0, wanted - seen);
    hash.update(data);
    seen += data.length;
    if (seen === wanted) {
      console.log(JSON.stringify({ sha256: hash.digest('hex'), repaints }));
      socket.end();
    }
  });
} else {
  socket.pipe(process.stdout);
}
process.stdin.pipe(socket, { end: mode !== '--sha256' });
