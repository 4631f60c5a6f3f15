// The record's values from its canonical JSON, by the table of types that is generated from the record's definition
// (types.js): every field in its one form, unknown fields tolerated.

const MAXIMUM_LIST = 1000;
const RECORD_SCHEMA = "ardoise-record/1";
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SALT = /^[0-9a-f]{32}$/;
const DECIMAL = /^(?:0|-?[1-9][0-9]*)$/;
const UTC_TIME = /^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

/** The record that these bytes are the canonical form of. */
function decodeRecord(bytes) {
  const document = parseCanonical(bytes);
  if (!(document instanceof Map) || document.get("schema") !== RECORD_SCHEMA) malformed("record-schema");
  const record = readValueOf(document, { object: "Record" }, "record");
  if (!UUID7.test(record.record_id) || !SALT.test(record.salt)) malformed("record-id");
  return record;
}

/** A value of this type; `place` names it for whoever looks for the mistake. */
function readValueOf(value, type, place) {
  if (typeof type === "string") return PLAIN_READERS[type](value, place);
  if (type.optional !== undefined) return value === null ? null : readValueOf(value, type.optional, place);
  if (type.words !== undefined) return type.words.includes(value) ? value : wrongField(place);
  if (type.list !== undefined) {
    if (!Array.isArray(value) || value.length > (type.most ?? MAXIMUM_LIST)) wrongField(place);
    return value.map((each, number) => readValueOf(each, type.list, `${place}[${number}]`));
  }
  return readFields(value, RECORD_TYPES[type.object], place);
}

function readFields(value, fields, place) {
  if (!(value instanceof Map)) wrongField(place);
  const result = Object.create(null);
  for (const [name, type, later] of fields) {
    const here = `${place}.${name}`;
    if (value.has(name)) result[name] = readValueOf(value.get(name), type, here);
    // What came later is left out where it is its default, so that older records keep their bytes.
    else if (later !== undefined) result[name] = readValueOf(asParsed(later), type, here);
    else wrongField(here);
  }
  return Object.freeze(result);
}

/** A default of the table as the parser would give it. */
function asParsed(value) {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : value;
}

const PLAIN_READERS = {
  text: (value, place) => (typeof value === "string" ? value : wrongField(place)),
  flag: (value, place) => (typeof value === "boolean" ? value : wrongField(place)),
  integer: (value, place) => {
    if (typeof value !== "string" || !DECIMAL.test(value) || value.length > 40) wrongField(place);
    return BigInt(value);
  },
  time: (value, place) => {
    const moment = typeof value === "string" && UTC_TIME.test(value) ? Date.parse(value) : NaN;
    // Date.parse takes 30 February for a day in March.
    if (Number.isNaN(moment) || new Date(moment).toISOString() !== value) wrongField(place);
    return moment;
  },
};

function wrongField(place) {
  return malformed("record-field", { place });
}
