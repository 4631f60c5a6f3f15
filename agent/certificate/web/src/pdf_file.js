// A PDF file's objects by its cross-reference tables (ISO 32000-1 section 7.5): the page's revision and the seal's, no other.

const REVISIONS = 2;
const MAXIMUM_OBJECTS = 100_000;

class PdfFile {
  constructor(bytes, text) {
    this.bytes = bytes;
    this.text = text;
    this.places = new Map();
    this.cache = new Map();
    this.readTables();
  }

  readTables() {
    const end = /startxref\r?\n(\d{1,10})\r?\n%%EOF\r?\n?$/.exec(this.text.slice(-64));
    if (end === null) throw new PdfError("the file's end");
    let at = Number(end[1]);
    for (let revision = 1; ; revision += 1) {
      const trailer = this.readTable(at);
      if (this.trailer === undefined) this.trailer = trailer;
      if (trailer.has("XRefStm") || trailer.has("Encrypt")) throw new PdfError("another kind of cross-reference");
      const previous = trailer.get("Prev");
      if (previous === undefined) {
        if (revision !== REVISIONS) throw new PdfError("revisions");
        return;
      }
      if (typeof previous !== "number" || previous >= at || revision >= REVISIONS) throw new PdfError("revisions");
      at = previous;
    }
  }

  /** One table, newest first: what a newer one says of an object holds. */
  readTable(at) {
    const { text } = this;
    const start = matchAt(/xref\r?\n/y, text, at);
    if (start === null) throw new PdfError("cross-reference table");
    let here = at + start[0].length;
    const mine = new Set();
    for (;;) {
      const section = matchAt(/(\d{1,10}) (\d{1,6})[ ]?\r?\n/y, text, here);
      if (section === null) break;
      here += section[0].length;
      here = this.readSection(here, Number(section[1]), Number(section[2]), mine);
    }
    const keyword = matchAt(/trailer\s*/y, text, here);
    if (keyword === null) throw new PdfError("trailer");
    const trailer = new PdfReader(text, here + keyword[0].length).next();
    if (!(trailer instanceof Map)) throw new PdfError("trailer");
    return trailer;
  }

  readSection(at, first, count, mine) {
    let here = at;
    for (let number = first; number < first + count; number += 1) {
      const entry = matchAt(/(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n|\n)/y, this.text, here);
      if (entry === null || mine.has(number) || number > MAXIMUM_OBJECTS) throw new PdfError("table entry");
      mine.add(number);
      here += entry[0].length;
      const place = entry[3] === "n" ? { offset: Number(entry[1]), generation: Number(entry[2]) } : null;
      if (!this.places.has(number)) this.places.set(number, place);
    }
    return here;
  }

  /** The object that a value refers to, or the value itself. */
  resolve(value) {
    let resolved = value;
    for (let steps = 0; resolved instanceof PdfReference; steps += 1) {
      if (steps > 8) throw new PdfError("reference");
      resolved = this.object(resolved);
    }
    return resolved;
  }

  object(reference) {
    const place = this.places.get(reference.number);
    if (!place || place.generation !== reference.generation) throw new PdfError("an object is missing");
    if (!this.cache.has(reference.number)) this.cache.set(reference.number, this.readObject(reference, place.offset));
    return this.cache.get(reference.number);
  }

  readObject(reference, offset) {
    const head = matchAt(/(\d{1,10}) (\d{1,5}) obj(?=[\s<[(/])/y, this.text, offset);
    if (head === null || Number(head[1]) !== reference.number || Number(head[2]) !== reference.generation) {
      throw new PdfError("an object stands elsewhere");
    }
    const reader = new PdfReader(this.text, offset + head[0].length);
    const value = reader.next();
    reader.skipSpace();
    if (reader.take(/endobj/y) !== null) return value;
    const start = reader.take(/stream\r?\n/y);
    if (start === null || !(value instanceof Map)) throw new PdfError("an object does not end");
    const length = this.resolve(value.get("Length"));
    if (!Number.isInteger(length) || length < 0) throw new PdfError("stream length");
    const end = reader.at + length;
    if (matchAt(/\r?\n?endstream\s+endobj/y, this.text, end) === null) throw new PdfError("stream end");
    return { dictionary: value, packed: this.bytes.subarray(reader.at, end) };
  }

  dictionary(value) {
    const resolved = this.resolve(value);
    if (!(resolved instanceof Map)) throw new PdfError("a dictionary is missing");
    return resolved;
  }

  array(value) {
    const resolved = this.resolve(value);
    if (!Array.isArray(resolved)) throw new PdfError("a list is missing");
    return resolved;
  }

  name(value) {
    const resolved = this.resolve(value);
    return resolved instanceof PdfName ? resolved.name : null;
  }

  async stream(value) {
    const resolved = this.resolve(value);
    if (resolved?.packed === undefined) throw new PdfError("a stream is missing");
    const { dictionary } = resolved;
    if (dictionary.has("DecodeParms") || dictionary.has("F")) throw new PdfError("stream parameters");
    return unpack(resolved.packed, this.resolve(dictionary.get("Filter")));
  }
}
