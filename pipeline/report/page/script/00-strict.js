"use strict";

// The scripts of the report. They are joined in the order of their names into one classic script, so that what stands in one file is
// known in all of them. The page's policy lets nothing be loaded. Text of the data goes into the page by `textContent` only.

/** The number that stands for an invalid answer, and in scores for "further below the best than 25.4, or not known". */
const NO_POSITION = 255;

/** What became of a question that a model was asked. */
const Outcome = Object.freeze({ NOT_ASKED: 0, RIGHT: 1, WRONG: 2, INVALID: 3, UNKNOWN: 4 });

/** How outcomes are shown: a mark, and a word so that neither the mark nor the colour has to be known. */
const OUTCOMES = Object.freeze([
  { mark: "·", word: "not asked", kind: "absent" },
  { mark: "✓", word: "right", kind: "right" },
  { mark: "✗", word: "wrong", kind: "wrong" },
  { mark: "∅", word: "invalid", kind: "invalid" },
  { mark: "?", word: "label unknown", kind: "absent" },
]);
