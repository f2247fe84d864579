/** The bytes of a text in base64. */
function bytesOfBase64(text) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  // In parts, each of whole groups of four letters: `atob` of everything would hold the text twice.
  const clean = text.replace(/\s+/g, "");
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  const part = 1 << 20;
  let written = 0;
  for (let start = 0; start < clean.length; start += part) {
    const decoded = atob(clean.slice(start, start + part));
    for (let index = 0; index < decoded.length; index += 1) bytes[written + index] = decoded.charCodeAt(index);
    written += decoded.length;
  }
  return bytes.subarray(0, written);
}

/** What a script element holds: gzip in base64, unpacked. Returns a `Response`, to be read as text or bytes. */
function unpacked(id) {
  const holder = document.getElementById(id);
  if (holder === null) throw new Error(`the page has no ${id}`);
  const bytes = bytesOfBase64(holder.textContent);
  // The text is not needed again, and it is large.
  holder.textContent = "";
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** Decodes the page's data. Fails with an `Error` where the browser cannot unpack it or the data is not what it should be. */
async function readReport() {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser cannot unpack gzip; one from 2023 or later can");
  }
  const [json, buffer] = await Promise.all([unpacked("report-data").json(), unpacked("report-answers").arrayBuffer()]);
  return new Report(json, new Uint8Array(buffer));
}

/** The recorded answers of a report, and questions about them. Models, sets, languages and items are numbers, from 0. */
class Report {
  constructor(json, bytes) {
    this.languages = json.languages;
    // Languages of trainings that nobody answered items in.
    this.others = json.others ?? [];
    this.tasks = json.tasks;
    this.models = json.models;
    this.sets = json.sets;
    this.trainings = json.trainings ?? [];
    this.entries = json.answers;
    this.bytes = bytes;
    this.english = this.languages.findIndex((language) => language.code === "en");
    // Items of all sets are numbered through: those of set s begin at `starts[s]`.
    this.starts = [0];
    for (const set of this.sets) this.starts.push(this.starts.at(-1) + set.ids.length);
    this.entryNumbers = new Int32Array(this.models.length * this.sets.length * this.languages.length).fill(-1);
    this.entries.forEach((entry, number) => {
      this.entryNumbers[this.#cell(entry.model, entry.set, entry.language)] = number;
    });
    this.knownOutcomes = new Map();
    this.searchTexts = new Map();
  }

  #cell(model, set, language) {
    return (model * this.sets.length + set) * this.languages.length + language;
  }

  /** The answers of a model to a set in a language; `null` where it was not asked. */
  entry(model, set, language) {
    if (language < 0) return null;
    const number = this.entryNumbers[this.#cell(model, set, language)];
    return number < 0 ? null : this.entries[number];
  }

  /** How many choices the items of a set have. */
  choices(set) {
    return this.tasks[this.sets[set].task].choices;
  }

  /** Whether a model was asked anything of a set. */
  wasAsked(model, set) {
    return this.languages.some((_, language) => this.entry(model, set, language) !== null);
  }

  /** The chosen positions of an entry, one byte an item; 255 is an invalid answer. */
  positions(entry) {
    return this.bytes.subarray(entry.offset, entry.offset + this.sets[entry.set].ids.length);
  }

  /** How far below the best each choice of an item lies, in tenths; `null` where no scores were recorded. */
  scores(entry, item) {
    if (!entry.scores) return null;
    const choices = this.choices(entry.set);
    const start = entry.offset + this.sets[entry.set].ids.length + item * choices;
    return this.bytes.subarray(start, start + choices);
  }

  /** The position of the right choice; `null` where it is not known. */
  label(set, item, language) {
    return this.sets[set].labels[this.languages[language]?.code]?.[item] ?? null;
  }

  /** The text of an item in a language; `null` where it is not known. */
  text(set, item, language) {
    return this.sets[set].texts[this.languages[language]?.code]?.[item] ?? null;
  }

  /** The outcome of each item of a set: one byte an item, see `Outcome`. */
  outcomes(model, set, language) {
    const key = language < 0 ? -1 : this.#cell(model, set, language);
    const cacheKey = `${key} ${set}`;
    let outcomes = this.knownOutcomes.get(cacheKey);
    if (outcomes === undefined) {
      outcomes = this.#outcomes(model, set, language);
      this.knownOutcomes.set(cacheKey, outcomes);
    }
    return outcomes;
  }

  #outcomes(model, set, language) {
    const outcomes = new Uint8Array(this.sets[set].ids.length);
    const entry = this.entry(model, set, language);
    if (entry === null) return outcomes;
    const positions = this.positions(entry);
    for (let item = 0; item < outcomes.length; item += 1) {
      const label = this.label(set, item, language);
      if (positions[item] === NO_POSITION) outcomes[item] = Outcome.INVALID;
      else if (label === null) outcomes[item] = Outcome.UNKNOWN;
      else outcomes[item] = positions[item] === label ? Outcome.RIGHT : Outcome.WRONG;
    }
    return outcomes;
  }

  /** What a search looks through, one text an item of a set: the id and the texts in English and in a language. */
  searched(set, language) {
    const key = `${set} ${language}`;
    let texts = this.searchTexts.get(key);
    if (texts === undefined) {
      const both = [this.english, language].filter((one) => one >= 0);
      texts = this.sets[set].ids.map((id, item) => {
        const parts = both.map((one) => wholeText(this.text(set, item, one)));
        return comparable([id, ...parts].join("\n"));
      });
      this.searchTexts.set(key, texts);
    }
    return texts;
  }

  /** The set and the item of a number among all items. */
  place(number) {
    let set = 0;
    while (this.starts[set + 1] <= number) set += 1;
    return { set, item: number - this.starts[set] };
  }

  /** The name of a set: its task, and a number where the report has several sets of the task. */
  setName(set) {
    const { task } = this.sets[set];
    const version = this.version(set);
    const several = this.sets.filter((other) => other.task === task).length > 1;
    return several ? `${this.tasks[task].name}, version ${version}` : this.tasks[task].name;
  }

  /** Which of the sets of its task a set is, from 1. */
  version(set) {
    const { task } = this.sets[set];
    return this.sets.slice(0, set + 1).filter((other) => other.task === task).length;
  }
}

/** All of an item's text. */
function wholeText(text) {
  return text === null ? "" : [text.premise, text.question, ...(text.choices ?? [])].filter(Boolean).join("\n");
}

/** A text as it is compared in a search: without difference of case or of compatible characters. */
function comparable(text) {
  return text.normalize("NFKC").toLowerCase();
}
