"""The part of a sample page that needs no script: summary, figures, tables, provenance."""

import math
from html import escape

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"]
FONTS = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"


def body(models, languages):
    """Header and main."""
    links = ["Summary", "Figures", "Tables", "Items", "Places", "Provenance"]
    nav = " ".join(f'<a href="#{link.lower()}">{link}</a>' for link in links)
    return f"""<header><h1>Does what a model knows cross languages?</h1>
<p class="lead">{len(models)} models, ten languages, two tasks, and a made-up world. A sample: none of these numbers was measured.</p>
<nav aria-label="Sections">{nav}</nav></header>
<main>
{summary()}
<section id="figures"><h2>Figures</h2>
{figure("figure-radar-basic", "Accuracy by language", radar(models[:3], languages), models[:3])}
{figure("figure-intervals", "XRR with its interval", intervals(), models[:3])}
{figure("figure-radar-all", "Accuracy by language, all models", radar(models, languages), models)}
</section>
<section id="tables"><h2>Tables</h2>
{accuracy_table(models, languages)}
{printed_table()}
</section>
<section id="items"><h2>Items</h2><noscript><p>The items are shown by a script. Without one, the folder beside this page has them as files.</p></noscript></section>
<section id="places"><h2>Places</h2></section>
{provenance()}
</main>"""


def summary():
    return """<section id="summary"><h2>Summary</h2>
<p>Of the questions that a model answers right in English, it answers about half in another language, and fewer where the script is another. What it was taught in English only crosses to German, where names look alike, and hardly to Arabic.</p>
<ul><li>Accuracy falls from 62 % in English to 41 % in Japanese.</li><li>The gate failed for free answers in German, so that XRR counts for ranking only.</li></ul>
<div class="scroll" tabindex="0" role="region" aria-label="Main numbers"><table class="sortable"><thead><tr><th scope="col">what</th><th scope="col">value</th><th scope="col">of</th></tr></thead>
<tbody><tr><th scope="row">RA in English</th><td data-sort="0.842">84.2 <span class="interval">(80.1 to 88.0)</span></td><td data-sort="2000">2,000 items</td></tr>
<tr><th scope="row">en-CO in German</th><td data-sort="0.671">67.1 <span class="interval">(63.9 to 70.2)</span></td><td data-sort="1842">1,842 items</td></tr>
<tr><th scope="row">XRR, English to Arabic</th><td data-sort="0.05">5.0 <span class="interval">(−2.1 to 12.9)</span></td><td data-sort="20">20 places</td></tr></tbody></table></div></section>"""


def figure(name, title, drawing, models):
    rows = "".join(f'<tr><th scope="row">{escape(model)}</th><td data-sort="{0.5 + number / 100}">{50 + number}.0</td></tr>' for number, model in enumerate(models))
    return f"""<figure class="figure" id="{name}"><h3>{title}</h3><div class="drawing">{drawing.replace("ID", name)}</div>
<figcaption><p>Each axis is a language, from 0 in the centre to 1 at the rim. Intervals are of 95 %, from resamples of clusters.</p></figcaption>
<details class="limits"><summary>What this can and cannot show</summary><ul><li>Accuracies of models with other prompts are not comparable.</li><li>A gap is a language that the model was not asked.</li></ul></details>
<details class="numbers"><summary>Numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers of {title}"><table class="sortable"><thead><tr><th scope="col">model</th><th scope="col">accuracy</th></tr></thead><tbody>{rows}</tbody></table></div></details></figure>"""


def drawing(width, height, parts, title):
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="ID-title ID-desc" font-family="{FONTS}" font-size="13">'
        f'<title id="ID-title">{title}</title><desc id="ID-desc">A sample drawing.</desc><rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def radar(models, languages):
    parts, centre, radius = [], (320, 235), 165

    def point(axis, value):
        angle = 2 * math.pi * axis / len(languages) - math.pi / 2
        return f"{centre[0] + radius * value * math.cos(angle):.1f},{centre[1] + radius * value * math.sin(angle):.1f}"

    for ring in range(1, 6):
        parts.append(f'<polygon points="{" ".join(point(axis, ring / 5) for axis in range(len(languages)))}" fill="none" stroke="#cccccc"/>')
    for axis, (code, _, own, *_) in enumerate(languages):
        x, y = point(axis, 1.16).split(",")
        parts.append(f'<text x="{x}" y="{y}" text-anchor="middle" fill="#222222">{code} \u2068{own}\u2069</text>')
    for number, model in enumerate(models):
        values = " ".join(point(axis, 0.75 - 0.04 * axis - 0.015 * number) for axis in range(len(languages)))
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polygon points="{values}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{20 + 200 * (number % 3)}" y="{465 + 18 * (number // 3)}" fill="{colour}">{escape(model)}</text>')
    return drawing(640, 480 + 18 * ((len(models) - 1) // 3), parts, "Accuracy by language")


def intervals():
    parts = ['<line x1="220" y1="20" x2="220" y2="180" stroke="#888888" stroke-dasharray="4 3"/><text x="220" y="198" text-anchor="middle">chance</text>']
    for row, (name, value, wide, failed) in enumerate([("German", 0.75, 0.1, False), ("العربية", 0.1, 0.12, False), ("German, free answers", 0.3, 0.2, True), ("日本語", 0.15, 0.1, False)]):
        y, x = 40 + 38 * row, 220 + 380 * value
        colour = "#777777" if failed else "#0072B2"
        parts.append(f'<text x="200" y="{y + 4}" text-anchor="end" {"text-decoration=" + chr(34) + "line-through" + chr(34) if failed else ""}>{name}</text>')
        parts.append(f'<line x1="{x - 380 * wide / 2}" y1="{y}" x2="{x + 380 * wide / 2}" y2="{y}" stroke="{colour}" stroke-width="2"/><circle cx="{x}" cy="{y}" r="5" fill="{"#ffffff" if failed else colour}" stroke="{colour}"/>')
    return drawing(640, 210, parts, "XRR with its interval")


def accuracy_table(models, languages):
    heads = "".join(f'<th scope="col">{name}</th>' for _, name, *_ in languages)
    rows = []
    for number, model in enumerate(models):
        cells = []
        for column in range(len(languages)):
            value = 0.75 - 0.035 * column - 0.012 * ((number * 7) % 11)
            if (number, column) in {(1, 8), (0, 5)}:
                cells.append('<td class="missing">not run <code>clika evaluate --language ja</code></td>')
            elif (number, column) == (2, 3):
                cells.append(f'<td data-sort="" class="ours"><span class="failed">{100 * value:.2f}</span> gate failed</td>')
            else:
                cells.append(f'<td data-sort="{value:.4f}" class="ours">{100 * value:.2f} <span class="interval">({100 * value - 2.1:.1f} to {100 * value + 2.1:.1f})</span></td>')
        rows.append(f'<tr><th scope="row">{escape(model)}</th>{"".join(cells)}</tr>')
    return f"""<div class="table" id="table-4"><h3>Table 4. Accuracy on xgeo</h3><p>Ours, in percent, with intervals of 95 %.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table 4"><table class="sortable"><thead><tr><th scope="col">model</th>{heads}</tr></thead>
<tbody>{"".join(rows)}</tbody></table></div><p class="note">Chance is 25 %.</p></div>"""


def printed_table():
    rows = [("bloom_7b", "50.36", "50.36", "0"), ("llama_7b", "61.02", "60.90", "−0.12"), ("baichuan", "9.5", "", ""), ("chatgpt", "100.2", "99.8", "−0.4")]
    cells = "".join(
        f'<tr><th scope="row">{name}</th><td class="printed">{printed}</td>'
        + (f'<td data-sort="{ours}" class="ours">{ours}</td><td>{difference}</td></tr>' if ours else '<td class="missing">not run</td><td>—</td></tr>')
        for name, printed, ours, difference in rows
    )
    return f"""<div class="table" id="table-5"><h3>Table 5. Printed and ours</h3><p>What the paper prints beside what the recorded answers give.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table 5"><table class="sortable"><thead><tr><th scope="col" rowspan="2">model</th><th scope="colgroup" colspan="3">RA</th></tr>
<tr><th scope="col">printed</th><th scope="col">ours</th><th scope="col">difference</th></tr></thead><tbody>{cells}</tbody></table></div></div>
<div class="table" id="table-6"><h3>Table 6. Languages of models</h3><p>What was asked.</p><div class="scroll" tabindex="0" role="region" aria-label="Table 6"><table class="sortable"><thead><tr><th scope="col">model</th><th scope="col">languages</th></tr></thead>
<tbody><tr><th scope="row">bloom_7b</th><td>all ten</td></tr><tr><th scope="row">demo (letters)</th><td>all but Japanese</td></tr></tbody></table></div></div>"""


def provenance():
    return """<section id="provenance"><h2>Provenance</h2><p>Everything on this page was computed from these files.</p>
<dl><dt>program</dt><dd>clika 0.3.0</dd><dt>answers</dt><dd><code>artifacts/predictions/bloom_7b</code></dd><dt>digest</dt><dd><code>3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855a</code></dd></dl>
<details><summary>Files</summary><div class="scroll" tabindex="0" role="region" aria-label="Files"><table><thead><tr><th scope="col">file</th><th scope="col">SHA-256</th></tr></thead>
<tbody><tr><td>answers.parquet</td><td><code>e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855</code></td></tr></tbody></table></div></details></section>"""
