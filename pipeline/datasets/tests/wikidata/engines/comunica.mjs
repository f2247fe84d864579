// Runs queries on Comunica: comunica.mjs DATA.nt QUERIES.json, a list of texts; to standard output the rows of each as JSON.
//
// A row of CONSTRUCT is a triple, one of SELECT a list of names and terms; a term is [type, value, datatype, language].
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The packages are not beside this file.
const require = createRequire(join(process.env.COMUNICA, 'package.json'));
const { QueryEngine } = require('@comunica/query-sparql-rdfjs');
const { Parser, Store } = require('n3');

const term = (it) => [it.termType, it.value, it.datatype?.value ?? '', it.language ?? ''];
const [data, queries] = process.argv.slice(2);
const store = new Store(new Parser({ format: 'N-Triples' }).parse(readFileSync(data, 'utf8')));
const engine = new QueryEngine();
const all = [];
for (const text of JSON.parse(readFileSync(queries, 'utf8'))) {
  const result = await engine.query(text, { sources: [store] });
  const rows = await (await result.execute()).toArray();
  all.push(
    result.resultType === 'bindings'
      ? rows.map((row) => [...row].map(([name, value]) => [name.value, ...term(value)]))
      : rows.map((row) => [row.subject, row.predicate, row.object].map(term)),
  );
}
process.stdout.write(JSON.stringify(all));
