// Types a line into a session, and prints what comes of it in a second: node type.mjs SESSION 'ls -l'
import { connect, ItermbusError } from 'itermbus';

const [id, line = 'date'] = process.argv.slice(2);
const client = await connect({ name: 'type' });
try {
  const session = client.session(id ?? client.layout?.active_session_id ?? '');
  const stream = session.open();
  await new Promise((resolve) => stream.once('snapshot', resolve));
  stream.pipe(process.stdout);
  const written = await session.type(`${line}\n`, { timeout: 5000 });
  console.log(`${written} bytes were typed`);
  await new Promise((resolve) => setTimeout(resolve, 1000));
} catch (error) {
  if (!(error instanceof ItermbusError)) throw error;
  // Of `timeout` and `disconnected` nobody knows whether it was typed: it is for a person to look.
  console.error(`${error.code}: ${error.message}${error.mayHaveHappened ? ' (it may have been typed)' : ''}`);
  process.exitCode = 1;
}
await client.close();
