// DER (X.690 section 10 and 11), strictly: whatever has a second spelling is an error.

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const CONTEXT_0 = 0xa0;

class DerError extends Error {}

function readValue(bytes, offset) {
  const tag = bytes[offset];
  // Tags above 30 take more bytes; nothing that is read here has one.
  if (tag === undefined || (tag & 0x1f) === 0x1f) throw new DerError("tag");
  let at = offset + 1;
  let length = bytes[at];
  at += 1;
  if (length === undefined) throw new DerError("length");
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count < 1 || count > 4 || at + count > bytes.length || bytes[at] === 0) throw new DerError("length");
    length = 0;
    for (let number = 0; number < count; number += 1) length = length * 256 + bytes[at + number];
    at += count;
    if (length < 0x80) throw new DerError("length");
  }
  if (at + length > bytes.length) throw new DerError("length");
  return { tag, contents: bytes.subarray(at, at + length), raw: bytes.subarray(offset, at + length) };
}

/** The one value that these bytes are, with this tag. */
function readDer(bytes, tag) {
  const node = readValue(bytes, 0);
  if (node.raw.length !== bytes.length) throw new DerError("something follows");
  return expectTag(node, tag);
}

function expectTag(node, tag) {
  if (node === undefined || node.tag !== tag) throw new DerError("another value was expected");
  return node;
}

/** The values inside a constructed one. */
function childrenOf(node) {
  const children = [];
  for (let at = 0; at < node.contents.length; ) {
    const child = readValue(node.contents, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** Exactly so many values inside. */
function exactly(node, count) {
  const children = childrenOf(node);
  if (children.length !== count) throw new DerError("more or fewer values than expected");
  return children;
}

/** A non-negative INTEGER in its shortest form (X.690 8.3.2). */
function readInteger(node) {
  const bytes = expectTag(node, INTEGER).contents;
  const padded = bytes.length > 1 && bytes[0] === 0 && bytes[1] < 0x80;
  if (bytes.length === 0 || bytes[0] >= 0x80 || padded) throw new DerError("integer");
  return BigInt(`0x${hexOf(bytes)}`);
}

/** The bytes of a BIT STRING of whole bytes. */
function readBits(node) {
  const bytes = expectTag(node, BIT_STRING).contents;
  if (bytes.length < 1 || bytes[0] !== 0) throw new DerError("bits");
  return bytes.subarray(1);
}

function readOid(node) {
  return hexOf(expectTag(node, OBJECT_IDENTIFIER).contents);
}

/** UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 and RFC 5652 11.3 allow them; milliseconds of 1970. */
function readTime(node) {
  const text = latin1(node.contents);
  if (node.tag === 0x17 && /^\d{12}Z$/.test(text)) {
    const century = Number(text.slice(0, 2)) < 50 ? "20" : "19";
    return momentOf(century + text.slice(0, 12));
  }
  if (node.tag === 0x18 && /^\d{14}Z$/.test(text)) return momentOf(text.slice(0, 14));
  throw new DerError("time");
}

function momentOf(digits) {
  const [year, month, day, hour, minute, second] = digits.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/).slice(1);
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const moment = Date.parse(iso);
  // Date.parse takes 24:00:00 and the like for the day after.
  if (Number.isNaN(moment) || new Date(moment).toISOString() !== iso) throw new DerError("time");
  return moment;
}

/** A value with its tag and length. */
function tlv(tag, ...parts) {
  const contents = concatBytes(...parts);
  const size = contents.length;
  if (size < 0x80) return concatBytes([tag, size], contents);
  const hex = size.toString(16);
  const length = bytesFromHex(hex.length % 2 ? `0${hex}` : hex);
  return concatBytes([tag, 0x80 | length.length], length, contents);
}

function sortedDer(values) {
  return [...values].sort(compareBytes);
}
