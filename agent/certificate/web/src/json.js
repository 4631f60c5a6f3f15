// Canonical JSON (RFC 8785) without numbers, as records are written: parsed so that only the canonical spelling passes.
//
// JSON.parse would take the last of two equal keys and any spelling; objects become Maps, so that no key has a meaning of
// its own ("__proto__").

const RECORD_LIMITS = { bytes: 2 * 1024 * 1024, tokens: 100_000 };
const MAXIMUM_DEPTH = 16;

// RFC 8785 3.2.2.2: these escapes and no other; lower-case \u00xx for the remaining control characters.
const SHORT_ESCAPES = new Map([["b", "\b"], ["t", "\t"], ["n", "\n"], ["f", "\f"], ["r", "\r"], ['"', '"'], ["\\", "\\"]]);
const PLAIN_RUN = /[^\u0000-\u001f"\\]*/y;
const UNICODE_ESCAPE = /u00[01][0-9a-f]/y;

function malformed(key, params) {
  return refuse("malformed", key, params);
}

/** The value of which these bytes are the one canonical form. */
function parseCanonical(bytes, limits = RECORD_LIMITS) {
  if (bytes.length > limits.bytes) malformed("record-large", { size: bytes.length });
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    malformed("record-utf8");
  }
  const reader = { text, at: 0, tokens: 0, depth: 0, limits };
  const value = readJson(reader);
  if (reader.at !== text.length) malformed("record-canonical");
  // The reader takes nothing else; written again, a mistake in it would show.
  if (writeCanonical(value) !== text || text.normalize("NFC") !== text) malformed("record-canonical");
  return value;
}

function readJson(reader) {
  const first = reader.text[reader.at];
  if (first === '"') return readString(reader);
  if (first === "{") return readObject(reader);
  if (first === "[") return readArray(reader);
  for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
    if (reader.text.startsWith(word, reader.at)) {
      reader.at += word.length;
      return value;
    }
  }
  return malformed(/[-0-9]/.test(first ?? "") ? "record-number" : "record-canonical");
}

function countToken(reader) {
  reader.tokens += 1;
  if (reader.tokens > reader.limits.tokens) malformed("record-tokens");
}

function enter(reader) {
  countToken(reader);
  reader.depth += 1;
  if (reader.depth > MAXIMUM_DEPTH) malformed("record-deep");
  reader.at += 1;
}

/** True where the closing bracket follows, which is then behind us. */
function leaves(reader, bracket) {
  if (reader.text[reader.at] !== bracket) return false;
  countToken(reader);
  reader.depth -= 1;
  reader.at += 1;
  return true;
}

function take(reader, character) {
  if (reader.text[reader.at] !== character) malformed("record-canonical");
  reader.at += 1;
}

function readObject(reader) {
  const object = new Map();
  enter(reader);
  if (leaves(reader, "}")) return object;
  let last = null;
  for (;;) {
    if (reader.text[reader.at] !== '"') malformed("record-canonical");
    const key = readString(reader);
    if (object.has(key)) malformed("record-twice");
    // RFC 8785 3.2.3: sorted by UTF-16 code units, which is how JavaScript compares.
    if (last !== null && !(last < key)) malformed("record-canonical");
    last = key;
    take(reader, ":");
    object.set(key, readJson(reader));
    if (leaves(reader, "}")) return object;
    take(reader, ",");
  }
}

function readArray(reader) {
  const array = [];
  enter(reader);
  if (leaves(reader, "]")) return array;
  for (;;) {
    array.push(readJson(reader));
    if (leaves(reader, "]")) return array;
    take(reader, ",");
  }
}

function readString(reader) {
  countToken(reader);
  reader.at += 1;
  let value = "";
  for (;;) {
    PLAIN_RUN.lastIndex = reader.at;
    const run = PLAIN_RUN.exec(reader.text)[0];
    value += run;
    reader.at += run.length;
    const next = reader.text[reader.at];
    reader.at += 1;
    if (next === '"') return value;
    if (next !== "\\") return malformed("record-canonical");
    value += readEscape(reader);
  }
}

function readEscape(reader) {
  const short = SHORT_ESCAPES.get(reader.text[reader.at]);
  if (short !== undefined) {
    reader.at += 1;
    return short;
  }
  UNICODE_ESCAPE.lastIndex = reader.at;
  const match = UNICODE_ESCAPE.exec(reader.text);
  if (match === null) return malformed("record-canonical");
  reader.at += match[0].length;
  const character = String.fromCharCode(parseInt(match[0].slice(1), 16));
  return "\b\t\n\f\r".includes(character) ? malformed("record-canonical") : character;
}

/** The canonical text of a value that has no numbers. */
function writeCanonical(value) {
  if (value instanceof Map) {
    const keys = [...value.keys()].sort();
    return `{${keys.map((key) => `${writeString(key)}:${writeCanonical(value.get(key))}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeCanonical).join(",")}]`;
  if (typeof value === "string") return writeString(value);
  if (value === true || value === false || value === null) return String(value);
  throw new Error("a value that no record has");
}

function writeString(text) {
  // RFC 8785 takes the escapes of ECMAScript's own serialisation.
  return JSON.stringify(text);
}
