"""A slice of the snapshot, small enough for every engine, with what Wikidata has and the snapshot does not.

Simplified Chinese is tagged zh-Hans, as Wikibase writes it. There are a city with a division that it has left, a dissolved
division, a year between two others, years before our era with three digits, and a person with two days of one year in two
calendars.
"""

import re

import pyoxigraph

ENTITY = "http://www.wikidata.org/entity/"
COUNTRIES = ["Q183", "Q40"]
STATES = ["Q183", "Q12548", "Q1747689", "Q2277"]
CITIES_OF_A_COUNTRY = 6
PEOPLE_OF_A_STATE = 6

# Munich (Q1726) was in Hesse (Q1199) until 1945; Prussia (Q27306) was a division and Düsseldorf lies in what was in it.
# Lincoln's, Kant's and others' statements have identifiers of their own in the snapshot: node:PERSON-PROPERTY-NUMBER.
MORE = """
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX psv: <http://www.wikidata.org/prop/statement/value/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX node: <urn:clika:snapshot:>
wd:Q1726 wdt:P131 wd:Q1199 ; p:P131 node:left .
node:left a wikibase:BestRank ; ps:P131 wd:Q1199 ; pq:P582 "1945-01-01T00:00:00Z"^^xsd:dateTime .
wd:Q27306 wdt:P31 wd:Q10864048 ; wdt:P17 wd:Q183 ; wdt:P300 "DE-PR" ; wdt:P576 "1947-02-25T00:00:00Z"^^xsd:dateTime .
wd:Q1718 wdt:P31 wd:Q486972 ; wdt:P17 wd:Q183 ; wdt:P1082 600000 ; wdt:P131 node:district .
node:district wdt:P131 wd:Q1198, wd:Q27306 .
"""

PERSON = """
wd:{qid} wdt:P31 wd:Q5 ; wdt:P21 wd:Q6581097 ; p:P27 node:{qid}-27 ; p:P569 {births} ; p:P570 node:{qid}-570 .
node:{qid}-27 a wikibase:BestRank ; ps:P27 wd:Q1747689 .
node:{qid}-570 a wikibase:BestRank ; psv:P570 node:{qid}-570-value .
node:{qid}-570-value wikibase:timeValue "0014-08-19T00:00:00Z"^^xsd:dateTime ; wikibase:timePrecision 11 ;
  wikibase:timeCalendarModel wd:Q1985786 .
"""
BIRTH = """
node:{name} a wikibase:BestRank ; psv:P569 node:{name}-value .
node:{name}-value wikibase:timeValue "{time}"^^xsd:dateTime ; wikibase:timePrecision 11 ;
  wikibase:timeCalendarModel wd:{calendar} .
"""
# Made up: numbers that no item of Wikidata has.
UNCERTAIN, THREE_DIGITS, TWO_DAYS = "Q9000000001", "Q9000000002", "Q9000000003"
PEOPLE = {
    UNCERTAIN: [("0020-05-01T00:00:00Z", "Q1985786")],
    THREE_DIGITS: [("-069-05-01T00:00:00Z", "Q1985786")],
    TWO_DAYS: [("-0062-09-23T00:00:00Z", "Q1985786"), ("-0062-09-21T00:00:00Z", "Q1985727")],
}


def more():
    text = MORE
    for qid, births in PEOPLE.items():
        names = [f"{qid}-569-{number}" for number in range(len(births))]
        text += PERSON.format(qid=qid, births=", ".join(f"node:{name}" for name in names))
        for name, (time, calendar) in zip(names, births):
            text += BIRTH.format(name=name, time=time, calendar=calendar)
    return text + f'node:{UNCERTAIN}-569-0 pq:P1319 "0018-01-01T00:00:00Z"^^xsd:dateTime .\n'


def items(store, query):
    prefixes = re.findall(r"(?m)^PREFIX.*$", MORE)
    return [row[0].value for row in store.query("\n".join(prefixes) + query)]


def slice_of(snapshot):
    """N-Triples of the slice."""
    store = pyoxigraph.Store()
    store.bulk_load(path=snapshot, format=pyoxigraph.RdfFormat.TURTLE)
    chosen = [ENTITY + qid for qid in COUNTRIES + STATES]
    for country in COUNTRIES:
        chosen += items(store, f"SELECT ?it {{ ?it wdt:P300 ?code ; wdt:P17 wd:{country} }}")
        cities = f"SELECT ?it {{ ?it wdt:P1082 ?size ; wdt:P17 wd:{country} }} ORDER BY DESC(?size) ?it"
        chosen += items(store, f"{cities} LIMIT {CITIES_OF_A_COUNTRY}")
    for state in STATES:
        people = f"SELECT DISTINCT ?it {{ ?it p:P27/ps:P27 wd:{state} }} ORDER BY ?it"
        chosen += items(store, f"{people} LIMIT {PEOPLE_OF_A_STATE}")
    if ENTITY + "Q1726" not in chosen:
        raise SystemExit("error: the snapshot's largest German cities are without Munich, which the slice changes")
    lines, seen = set(), set()
    while chosen:
        subject = chosen.pop()
        if subject in seen:
            continue
        seen.add(subject)
        for quad in store.quads_for_pattern(pyoxigraph.NamedNode(subject), None, None, None):
            lines.add(f"{quad.subject} {quad.predicate} {quad.object} .")
            # Statements and values.
            if isinstance(quad.object, pyoxigraph.NamedNode) and not quad.object.value.startswith("http"):
                chosen.append(quad.object.value)
    for triple in pyoxigraph.parse(more(), format=pyoxigraph.RdfFormat.TURTLE):
        lines.add(f"{triple.subject} {triple.predicate} {triple.object} .")
    # As text, since Oxigraph writes tags in lower case.
    return re.sub(r'"@zh \.$', '"@zh-Hans .', "\n".join(sorted(lines)), flags=re.MULTILINE) + "\n"
