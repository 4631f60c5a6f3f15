// PDF objects (ISO 32000-1 section 7.3): a reader of what our own documents hold; anything else is a PdfError.

const MAXIMUM_PDF_DEPTH = 40;
const MAXIMUM_STREAM_BYTES = 32 * 1024 * 1024;

class PdfError extends Error {}

class PdfName {
  constructor(name) {
    this.name = name;
  }
}

class PdfReference {
  constructor(number, generation) {
    this.number = number;
    this.generation = generation;
  }
}

class PdfString {
  constructor(bytes) {
    this.bytes = bytes;
  }
}

class PdfKeyword {
  constructor(word) {
    this.word = word;
  }
}

const PDF_SPACE = /(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y;
const PDF_NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?=[\0\t\n\f\r ()<>[\]{}/%]|$)/y;
const PDF_REFERENCE = /(\d{1,10}) (\d{1,5}) R(?=[\0\t\n\f\r ()<>[\]{}/%]|$)/y;
const PDF_NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]*)/y;
const PDF_HEX = /<([0-9A-Fa-f\0\t\n\f\r ]*)>/y;
const PDF_WORD = /[A-Za-z'"][A-Za-z0-9'"*]*/y;
const STRING_ESCAPES = new Map([["n", "\n"], ["r", "\r"], ["t", "\t"], ["b", "\b"], ["f", "\f"], ["(", "("], [")", ")"], ["\\", "\\"]]);

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Reads one object after another out of text with one character for each byte. */
class PdfReader {
  constructor(text, at = 0) {
    this.text = text;
    this.at = at;
  }

  skipSpace() {
    this.at += matchAt(PDF_SPACE, this.text, this.at)[0].length;
  }

  take(pattern) {
    const match = matchAt(pattern, this.text, this.at);
    if (match !== null) this.at += match[0].length;
    return match;
  }

  /** The next object, a PdfKeyword where an operator stands, undefined at the end. */
  next(depth = 0) {
    if (depth > MAXIMUM_PDF_DEPTH) throw new PdfError("nested too deep");
    this.skipSpace();
    if (this.at >= this.text.length) return undefined;
    const first = this.text[this.at];
    if (first === "/") return this.name();
    if (first === "(") return this.literal();
    if (first === "[") return this.array(depth);
    if (this.text.startsWith("<<", this.at)) return this.dictionary(depth);
    if (first === "<") return this.hex();
    const reference = this.take(PDF_REFERENCE);
    if (reference !== null) return new PdfReference(Number(reference[1]), Number(reference[2]));
    const number = this.take(PDF_NUMBER);
    if (number !== null) return Number(number[0]);
    const word = this.take(PDF_WORD);
    if (word === null) throw new PdfError(`unexpected ${JSON.stringify(first)}`);
    if (word[0] === "true" || word[0] === "false") return word[0] === "true";
    return word[0] === "null" ? null : new PdfKeyword(word[0]);
  }

  value(depth) {
    const value = this.next(depth);
    if (value === undefined || value instanceof PdfKeyword) throw new PdfError("a value is missing");
    return value;
  }

  name() {
    const raw = this.take(PDF_NAME)[1];
    return new PdfName(raw.replace(/#([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))));
  }

  array(depth) {
    const array = [];
    this.at += 1;
    for (;;) {
      this.skipSpace();
      if (this.text[this.at] === "]") {
        this.at += 1;
        return array;
      }
      array.push(this.value(depth + 1));
    }
  }

  dictionary(depth) {
    const dictionary = new Map();
    this.at += 2;
    for (;;) {
      this.skipSpace();
      if (this.text.startsWith(">>", this.at)) {
        this.at += 2;
        return dictionary;
      }
      const key = this.value(depth + 1);
      // Of two equal keys one reader takes the first and another the last.
      if (!(key instanceof PdfName) || dictionary.has(key.name)) throw new PdfError("a key stands there twice");
      dictionary.set(key.name, this.value(depth + 1));
    }
  }

  hex() {
    const match = this.take(PDF_HEX);
    if (match === null) throw new PdfError("hex string");
    const digits = match[1].replace(/[\0\t\n\f\r ]/g, "");
    return new PdfString(bytesFromHex(digits.length % 2 ? `${digits}0` : digits));
  }

  literal() {
    let value = "";
    let open = 1;
    this.at += 1;
    while (open > 0) {
      const character = this.text[this.at];
      if (character === undefined) throw new PdfError("a string does not end");
      this.at += 1;
      if (character === "\\") {
        value += this.escape();
        continue;
      }
      if (character === "(") open += 1;
      if (character === ")") open -= 1;
      // An end of line of any form is one LF (7.3.4.2).
      if (character === "\r" && this.text[this.at] === "\n") continue;
      if (open > 0) value += character === "\r" ? "\n" : character;
    }
    return new PdfString(bytesFromLatin1(value));
  }

  escape() {
    const octal = this.take(/[0-7]{1,3}/y);
    if (octal !== null) return String.fromCharCode(parseInt(octal[0], 8) & 0xff);
    const character = this.text[this.at];
    this.at += 1;
    if (character === "\r" && this.text[this.at] === "\n") this.at += 1;
    if (character === "\r" || character === "\n") return "";
    return STRING_ESCAPES.get(character) ?? character ?? "";
  }
}

/** The bytes of a stream, at most MAXIMUM_STREAM_BYTES: a few bytes may unpack to gigabytes. */
async function unpack(bytes, filter) {
  if (filter === undefined || filter === null) return bytes;
  const names = Array.isArray(filter) ? filter : [filter];
  if (names.length === 0) return bytes;
  if (names.length !== 1 || names[0].name !== "FlateDecode") throw new PdfError("filter");
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new PdfError("the compressed stream is broken");
    });
    if (done) return concatBytes(...parts);
    parts.push(value);
    size += value.length;
    if (size > MAXIMUM_STREAM_BYTES) throw new PdfError("stream too large");
  }
}
