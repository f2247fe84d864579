"""Every query that clika sends, on three engines: their rows are the same.

    engines.py CLIKA CHECKOUT COMUNICA

CLIKA is the program, CHECKOUT the folder whose queries, snapshot, languages and experiment it works with, COMUNICA the
folder with node_modules. The texts are those that `clika datasets` and `clika snapshot` send, taken from what they say
with CLIKA_LOG=debug. The engines are Oxigraph and rdflib (PyPI) and Comunica (npm), the data is a slice of the snapshot
(snapshot_slice.py). Rows are compared as sets; the case of language tags, which RDF leaves open, does not count. A table shows how
many rows each engine found, summed over the texts of a query's file.
"""

import argparse
import codecs
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph
import rdflib
from snapshot_slice import COUNTRIES, ENTITY, STATES, THREE_DIGITS, TWO_DAYS, UNCERTAIN, slice_of

HERE = Path(__file__).parent
ASKED = re.compile(r'asking the \w+ path=(\S+) query=("(?:[^"\\]|\\.)*")')
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class Endpoint(BaseHTTPRequestHandler):
    """A SPARQL endpoint for `clika snapshot`, so that it gets to its last query."""

    store = None

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = self.store.query(query).serialize(format=pyoxigraph.RdfFormat.N_TRIPLES)
        self.send_response(200)
        self.send_header("Content-Type", "application/n-triples")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def asked(clika, project, *arguments):
    """The queries that a command sends: pairs of file and text."""
    environment = os.environ | {"CLIKA_LOG": "clika_datasets=debug", "NO_COLOR": "1"}
    command = [clika, "--quiet", "--project", project, *arguments]
    result = subprocess.run(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    found = []
    for path, text in ASKED.findall(result.stderr):
        # Rust's escapes of a text in ASCII are Python's.
        found.append(("/".join(Path(path).parts[-2:]), codecs.decode(text[1:-1], "unicode_escape")))
    return list(dict.fromkeys(found)), result


def queries(clika, checkout, data, folder):
    """All queries of a build and of a refresh."""
    project = folder / "project"
    for name in ["templates", "sparql", "experiments"]:
        shutil.copytree(checkout / name, project / name)
    built, result = asked(clika, project, "datasets", "xgeo", "xpeo", "xcountry")
    if result.returncode != 0:
        sys.exit(f"error: clika datasets failed: {result.stderr[-500:]}")
    store = Endpoint.store = pyoxigraph.Store()
    store.bulk_load(path=data, format=pyoxigraph.RdfFormat.N_TRIPLES)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/query"
    # It fails in the end, since no dataset can be built from a slice.
    refreshed, result = asked(clika, project, "snapshot", "--endpoint", address, "--out", folder / "fresh.ttl")
    server.shutdown()
    if "did not pass its checks" not in result.stderr:
        sys.exit(f"error: clika snapshot ended otherwise than expected: {result.stderr[-500:]}")
    files = {f"{path.parent.name}/{path.name}" for path in checkout.glob("sparql/*/*.rq")}
    if silent := files - {name for name, _ in built + refreshed}:
        sys.exit(f"error: no text was seen of {', '.join(sorted(silent))}")
    # Of the texts for one country or state those that the slice has; the others find nothing.
    known = [f"wd:{qid} " for qid in COUNTRIES + STATES]
    found = dict.fromkeys(built + refreshed)
    return [(name, text) for name, text in found if any(qid in text for qid in known)]


def term(kind, value, datatype, language):
    return (kind, value, "" if datatype == XSD_STRING or language else datatype, language.lower())


def oxigraph_term(it):
    if isinstance(it, pyoxigraph.NamedNode):
        return term("NamedNode", it.value, "", "")
    return term("Literal", it.value, it.datatype.value, it.language or "")


def oxigraph(data, texts):
    store = pyoxigraph.Store()
    store.bulk_load(path=data, format=pyoxigraph.RdfFormat.N_TRIPLES)
    for text in texts:
        result = store.query(text)
        if isinstance(result, pyoxigraph.QueryTriples):
            yield {tuple(map(oxigraph_term, [it.subject, it.predicate, it.object])) for it in result}
        else:
            names = [variable.value for variable in result.variables]
            yield {
                frozenset((name, *oxigraph_term(row[name])) for name in names if row[name] is not None) for row in result
            }


def rdflib_term(it):
    if isinstance(it, rdflib.URIRef):
        return term("NamedNode", str(it), "", "")
    return term("Literal", str(it), str(it.datatype or ""), it.language or "")


def rdflib_engine(data, texts):
    # It warns of dates that Python has no type for, and keeps them as they are.
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    # Literals as they stand: else 0069 becomes 69.
    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph()
    graph.parse(data, format="nt")
    for text in texts:
        result = graph.query(text)
        if result.type == "CONSTRUCT":
            yield {tuple(map(rdflib_term, triple)) for triple in result.graph}
        else:
            yield {
                frozenset((str(name), *rdflib_term(it)) for name, it in row.items()) for row in result.bindings
            }


def comunica(data, texts, folder):
    (folder / "queries.json").write_text(json.dumps(texts))
    program = ["node", HERE / "comunica.mjs", data, folder / "queries.json"]
    environment = os.environ | {"COMUNICA": str(COMUNICA)}
    answers = json.loads(subprocess.run(program, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    for text, rows in zip(texts, answers, strict=True):
        if "CONSTRUCT" in text:
            yield {tuple(term(*it) for it in row) for row in rows}
        else:
            yield {frozenset((name, *term(*it)) for name, *it in row) for row in rows}


def triple(subject, prefix, predicate, value):
    """Whether a row of CONSTRUCT is this one."""
    return lambda row: (
        isinstance(row, tuple)
        and row[0][1].endswith(subject)
        and row[1][1].endswith(f"{prefix}/{predicate}")
        and row[2][1].endswith(value)
    )


def person(qid):
    return lambda row: isinstance(row, frozenset) and ("person", "NamedNode", ENTITY + qid, "", "") in row


def language(tag):
    return lambda row: isinstance(row, tuple) and row[2][3] == tag


# What the slice has on purpose: file, whether some row is so, what it shows.
EXPECTED = [
    ("refresh/labels.rq", True, language("zh-hans"), "simplified Chinese"),
    ("refresh/cities.rq", True, triple("/Q1726", "direct", "P131", "/Q980"), "Munich in Bavaria"),
    ("refresh/cities.rq", False, triple("/Q1726", "direct", "P131", "/Q1199"), "Munich in Hesse, which it left"),
    ("refresh/cities.rq", True, triple("/Q1718", "direct", "P131", "/Q1198"), "Düsseldorf by its district"),
    ("refresh/cities.rq", False, triple("/Q1718", "direct", "P131", "/Q27306"), "Düsseldorf in Prussia"),
    ("refresh/divisions.rq", False, triple("/Q27306", "direct", "P31", ""), "Prussia, which is dissolved"),
    ("build/divisions.rq", False, lambda row: "Q27306" in str(row), "Prussia, which is dissolved"),
    ("refresh/people.rq", True, triple(f"{UNCERTAIN}-569-0", "qualifier", "P1319", ""), "an earliest date"),
    ("build/people.rq", False, person(UNCERTAIN), "a year between two others"),
    ("build/people.rq", True, person(THREE_DIGITS), "a year of three digits before our era"),
    ("build/people.rq", True, person(TWO_DAYS), "two days of a year in two calendars"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clika", type=Path)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("comunica", type=Path)
    options = parser.parse_args()
    global COMUNICA
    COMUNICA = options.comunica.resolve()
    clika, checkout = options.clika.resolve(), options.checkout.resolve()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        data = folder / "slice.nt"
        data.write_text(slice_of(checkout / "sparql/snapshot/wikidata.ttl"))
        found = queries(clika, checkout, data, folder)
        files, texts = [name for name, _ in found], [text for _, text in found]
        print(f"{len(texts)} texts of {len(set(files))} queries, {len(data.read_text().splitlines())} triples")
        rows = {}
        for name, engine in [("oxigraph", oxigraph), ("rdflib", rdflib_engine), ("comunica", comunica)]:
            begin = time.monotonic()
            extra = [folder] if engine is comunica else []
            rows[name] = list(engine(str(data), texts, *extra))
            print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    print("| query | texts | " + " | ".join(rows) + " |")
    print("|---|---|" + "---|" * len(rows))
    for file in sorted(set(files)):
        numbers = [index for index, name in enumerate(files) if name == file]
        counts = [sum(len(answers[index]) for index in numbers) for answers in rows.values()]
        print(f"| {file} | {len(numbers)} | " + " | ".join(map(str, counts)) + " |")
        if 0 in counts:
            wrong.append(f"{file}: an engine finds nothing")
        for index in numbers:
            for name, answers in rows.items():
                if odd := rows["oxigraph"][index] ^ answers[index]:
                    wrong.append(f"{file} differs on {name} in {len(odd)} rows, such as {sorted(map(str, odd))[:2]}")
        for name, answers in rows.items():
            together = set().union(*(answers[index] for index in numbers))
            for where, there, holds, what in EXPECTED:
                if where == file and any(map(holds, together)) != there:
                    wrong.append(f"{file} on {name}: {what} {'is missing' if there else 'is there'}")
    for problem in wrong:
        print("WRONG", problem)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
