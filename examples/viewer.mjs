// Shows a session in this terminal, as its window shows it; what is typed here is typed there. Ctrl-] leaves.
import { connect } from 'itermbus';

const [id] = process.argv.slice(2);
// This terminal would answer the session's queries a second time.
const client = await connect({ name: 'viewer', stripQueries: true });
const session = client.session(id ?? client.layout?.active_session_id ?? '');

// Every repaint stands among the bytes: at the start, after a gap, in a new epoch.
const screen = session.screen({ refused: (error) => process.stderr.write(`\x07${error.message}\r\n`) });
screen.pipe(process.stdout);
screen.on('end', () => client.close());
screen.on('error', (error) => console.error(error.message));

if (process.stdin.isTTY) process.stdin.setRawMode(true);
process.stdin.on('data', (typed) => {
  if (typed.includes('\x1d')) void client.close();
  else screen.write(typed);
});
client.on('close', () => process.exit());
