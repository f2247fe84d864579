#!/usr/bin/env bash
# Comunica 5.3.0's MIN and MAX over IRIs give nothing, where other engines give the first and the last.
#
# SPARQL 1.1 (18.5.1.5, Min) finds the smallest "making use of the SPARQL ORDER BY semantics", which order IRIs as text
# (15.1). `SELECT (MIN(?x) AS ?least)` over IRIs leaves ?least unbound in Comunica: a row without the column, and no error.
# The same engine orders the same IRIs in ORDER BY. A query that takes one of several IRIs in this way, as is usual in
# GROUP BY, loses the column without a word. `MIN(STR(?x))` gives the same text everywhere.
#
# Seen with the versions below: nothing from Comunica 5.3.0, <http://e/a> and <http://e/b> from Oxigraph 0.5.13 and rdflib
# 7.6.0; of MIN(STR(?x)) all three make the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet pyoxigraph==0.5.13 rdflib==7.6.0
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund @comunica/query-sparql-rdfjs@5.3.0 n3@2.13.12 >/dev/null
cat > data.nt <<'T'
<http://e/s> <http://e/p> <http://e/b> .
<http://e/s> <http://e/p> <http://e/a> .
T
cat > queries.json <<'T'
["SELECT (MIN(?x) AS ?least) (MAX(?x) AS ?most) { ?s <http://e/p> ?x }",
 "SELECT ?x { ?s <http://e/p> ?x } ORDER BY ?x",
 "SELECT (MIN(STR(?x)) AS ?least) { ?s <http://e/p> ?x }"]
T
cat > show.mjs <<'J'
import { readFileSync } from 'node:fs';
import { QueryEngine } from '@comunica/query-sparql-rdfjs';
import { Parser, Store } from 'n3';

const store = new Store(new Parser().parse(readFileSync('data.nt', 'utf8')));
for (const query of JSON.parse(readFileSync('queries.json', 'utf8'))) {
  const rows = await (await new QueryEngine().queryBindings(query, { sources: [store] })).toArray();
  console.log(JSON.stringify(rows.map((row) => [...row].map(([name, it]) => `${name.value}=${it.value}`))));
}
J
cat > show.py <<'P'
import json

import pyoxigraph
import rdflib

store, graph = pyoxigraph.Store(), rdflib.Graph().parse("data.nt")
store.load(path="data.nt", format=pyoxigraph.RdfFormat.N_TRIPLES)
for query in json.load(open("queries.json")):
    result = store.query(query)
    names = [it.value for it in result.variables]
    oxigraph = [[f"{name}={row[name].value}" for name in names] for row in result]
    result = graph.query(query)
    rows = [[f"{name}={row[name]}" for name in map(str, result.vars)] for row in result]
    assert rows == oxigraph, (rows, oxigraph)
    print(json.dumps(oxigraph, separators=(",", ":")))
P
venv/bin/python show.py > others.txt
node show.mjs > comunica.txt
echo "Oxigraph and rdflib:" && cat others.txt
echo "Comunica:" && cat comunica.txt
diff - others.txt <<'T' && diff - comunica.txt <<'U' || { echo "what was seen has changed" >&2; exit 1; }
[["least=http://e/a","most=http://e/b"]]
[["x=http://e/a"],["x=http://e/b"]]
[["least=http://e/a"]]
T
[[]]
[["x=http://e/a"],["x=http://e/b"]]
[["least=http://e/a"]]
U
