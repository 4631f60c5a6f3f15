// Words, figures and dates bound to one language (words/say.py); the tables are generated from the ones that pages are made with.

const NARROW = "\u202f";
const HELD = "\u00a0";
// Texts that are looked up went through shown(), which leaves neither line ends nor foreign digits: both languages of patterns agree.
const PATTERNS = PAGE_WORDS.phrases.map(([pattern, ...others]) => [new RegExp(`^(?:${pattern})$`, "u"), others]);

/** A text with what stands in its braces put in. */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/gu, (_, name) => {
    if (!Object.hasOwn(values, name)) throw new Error(`nothing to say for ${name}`);
    return String(values[name]);
  });
}

class PageWords {
  constructor(language) {
    this.language = language;
    this.at = PAGE_WORDS.languages.indexOf(language);
    if (this.at < 0) throw new Error(`no words in ${language}`);
  }

  /** A label or a sentence with its values. */
  say(key, values = {}) {
    return filled(ownEntry(PAGE_WORDS.texts, key)[this.at], values);
  }

  /** The word for a value of the record. */
  term(kind, value) {
    return ownEntry(ownEntry(PAGE_WORDS.terms, kind), value)[this.at];
  }

  /** The word for a value that the record keeps as plain text; as it stands where it is none of the kind. */
  named(kind, value) {
    return Object.hasOwn(PAGE_WORDS.terms[kind], value) ? this.term(kind, value) : value;
  }

  /** A sentence that the program wrote into the record; in quotes as recorded where none is known. */
  phrase(text) {
    if (this.at === 0) return text;
    for (const [pattern, others] of PATTERNS) {
      const found = pattern.exec(text);
      if (found !== null) return filled(others[this.at - 1], found.slice(1).map((group) => this.named("Inner", group ?? "")));
    }
    return this.quoted(text);
  }

  quoted(text) {
    const [first, last] = PAGE_WORDS.quotes[this.language];
    return `${first}${text}${last}`;
  }

  /** A figure with this language's decimal sign, its unit held to it. */
  number(text) {
    const held = text.replaceAll(" ", HELD);
    return this.at === 0 ? held : held.replaceAll(".", ",");
  }

  grouped(number) {
    return inGroups(number, NARROW);
  }

  bytes(number) {
    return `${this.grouped(number)}${HELD}${PAGE_WORDS.bytes[this.language]}`;
  }

  percent(part, whole) {
    return this.number(percentOf(part, whole));
  }

  capacity(size) {
    const text = this.number(capacityOf(size));
    const unit = this.language === "fr" ? text.replace(/([TGM])B$/u, "$1o") : text;
    return unit.replaceAll("bytes", PAGE_WORDS.bytes[this.language]);
  }

  duration(milliseconds) {
    return this.number(durationOf(milliseconds));
  }

  /** A date as a person writes it. */
  day(moment) {
    const at = new Date(moment);
    const day = at.getUTCDate();
    const first = { fr: "1er", de: "1." }[this.language] ?? "1";
    const other = this.language === "de" ? `${day}.` : String(day);
    return [day === 1 ? first : other, PAGE_WORDS.months[at.getUTCMonth()][this.at], at.getUTCFullYear()].join(HELD);
  }

  /** Date and time in UTC (ISO 8601). */
  moment(moment) {
    const text = new Date(moment).toISOString();
    return `${text.slice(0, 10)}${HELD}${text.slice(11, 19)}${HELD}UTC`;
  }
}

function ownEntry(table, key) {
  if (!Object.hasOwn(table, key)) throw new Error(`no word for ${key}`);
  return table[key];
}
