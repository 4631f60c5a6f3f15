// How device text is written on a page, and whether a page's text holds what it must (shown.py, page_text.py).

// What str.strip() and \s of the program that writes the page take for a space.
const PYTHON_SPACE = "\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS = new RegExp(`^[${PYTHON_SPACE}]+|[${PYTHON_SPACE}]+$`, "gu");
const UNSEEN = new RegExp(`[${PYTHON_SPACE}\\u00ad\\u200b]+`, "gu");
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const NOT_SHOWN =
  /[^\u0020-\u007e\u00a1-\u00ac\u00ae-\u017f\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]/u;
const LINE_END_HYPHEN = /-(?=[ \t]*\n)/gu;
// Stands for a hyphen that may be the word's own or the line's.
const MAYBE = "\u0000";

/** Text of a device or person as one line of the page. */
function shown(text, limit = 64) {
  const characters = Array.from(text.normalize("NFC").replace(ENDS, ""), (each) => (NOT_PRINTABLE.test(each) ? "?" : each));
  const short = characters.length <= limit ? characters : [...characters.slice(0, limit - 1), "…"];
  return short.map((each) => (NOT_SHOWN.test(each) ? "?" : each)).join("");
}

/** Text without white space, soft hyphens and zero-width spaces: where lines break does not count. */
function squeezed(text) {
  return text.replace(UNSEEN, "");
}

/** The strings of a view that stand on the page, in the order of drawing; what hangs on a key with "_" does not. */
function pageStrings(view) {
  if (typeof view === "string") return view === "" ? [] : [view];
  if (Array.isArray(view)) return view.flatMap(pageStrings);
  return Object.entries(view).flatMap(([key, value]) => (key.startsWith("_") ? [] : pageStrings(value)));
}

/** The first string that does not stand in a page's text behind the ones before it; undefined where all do. */
function firstMissing(pageText, strings) {
  const text = squeezed(pageText.replace(LINE_END_HYPHEN, MAYBE));
  let place = 0;
  for (const string of strings) {
    const found = endOfWord(text, squeezed(string), place);
    if (found < 0) return string;
    place = found;
  }
  return undefined;
}

/** Where the word ends in the text, at its first place behind this one; below zero where it has none. */
function endOfWord(text, word, place) {
  const at = text.indexOf(word, place);
  const end = at < 0 ? -1 : at + word.length;
  // It may stand before that with a hyphen at the end of a line; taking the later place would pass over what is between.
  const between = text.slice(place, at < 0 ? undefined : end);
  if (!between.includes(MAYBE)) return end;
  const letters = Array.from(word, (letter) => (letter === "-" ? `[-${MAYBE}]` : letter.replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&")));
  const found = new RegExp(letters.join(`${MAYBE}?`), "u").exec(between);
  return found === null ? end : place + found.index + found[0].length;
}

/** The first of these words that stands on the page more often than in its strings; undefined where none does. */
function firstTooOften(pageText, strings, words) {
  const [text, said] = [squeezed(pageText), squeezed(strings.join("\n"))];
  return words.find((word) => timesIn(text, squeezed(word)) > timesIn(said, squeezed(word)));
}

function timesIn(text, word) {
  return text.split(word).length - 1;
}
