// Prints a session's bytes. Started again, it goes on exactly where it was: node resume.mjs SESSION place.json
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'itermbus';

const [id, file = 'place.json'] = process.argv.slice(2);
let resume;
try {
  resume = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  console.error('from now on');
}

const client = await connect({ name: 'resume', readOnly: true });
const stream = client.session(id ?? client.layout?.active_session_id ?? '').open({ resume });
stream.on('gap', ({ from, to }) => console.error(`the bytes from ${from} to ${to} are gone`));
stream.on('snapshot', ({ offset }) => console.error(`the screen at ${offset}`));
stream.on('data', (chunk) => {
  process.stdout.write(chunk);
  writeFileSync(file, JSON.stringify(stream.position)); // What was printed, and not what was only received.
});
