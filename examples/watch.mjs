// Prints the output of every session, those to come too.
import { connect } from 'itermbus';

const client = await connect({ name: 'watch', readOnly: true });

function watch(session) {
  if (session.stream || session.closed) return;
  const stream = session.open();
  stream.setEncoding('utf8');
  stream.on('data', (text) => console.log(`${session.id} ${JSON.stringify(text)}`));
  stream.on('gap', (gap) => console.log(`${session.id} lost ${gap.to - gap.from} bytes`));
  stream.on('end', () => console.log(`${session.id} is gone`));
  stream.on('error', (error) => console.log(`${session.id} ${error.code}: ${error.message}`));
}

for (const session of client.sessions.values()) watch(session);
client.on('layout', () => client.sessions.forEach(watch));
client.on('disconnect', (reason) => console.log(`the gateway is away: ${reason.message}`));
