// src/messages.ts, made anew from the JSON Schema of the gateway's dialect 2. With --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const schemaFile = new URL('../../../docs/schema/dialect2.schema.json', import.meta.url);
const output = new URL('../src/messages.ts', import.meta.url);
const banner = `/**
 * The messages of the gateway's dialect 2.
 *
 * Generated from docs/schema/dialect2.schema.json by \`npm run generate\`; not to be edited.
 */
`;

/** The lists of colours have 16 of them, which as a tuple type nobody could build; \`any[]\` would be the alternative. */
function relaxed(node) {
  if (Array.isArray(node)) return node.map(relaxed);
  if (node === null || typeof node !== 'object') return node;
  const { minItems: _least, maxItems: _most, ...rest } = node;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, relaxed(value)]));
}

/** What TypeScript source the schema stands for. */
export async function generated() {
  const schema = relaxed(JSON.parse(await readFile(schemaFile, 'utf8')));
  const names = ['FromClient', 'ToClient'];
  const root = { ...schema, title: 'Dialect2', oneOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) };
  return await compile(root, 'Dialect2', {
    additionalProperties: false,
    bannerComment: banner,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 120 },
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const source = await generated();
  if (process.argv.includes('--check')) {
    if ((await readFile(output, 'utf8')) !== source) {
      console.error('src/messages.ts is not what docs/schema says: npm run generate');
      process.exit(1);
    }
  } else {
    await writeFile(output, source);
  }
}
