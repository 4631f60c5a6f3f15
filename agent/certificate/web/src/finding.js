// What ends a verification, and bytes in general.

/** Why a certificate is refused: the kind of failure (null: its step's own), and the key of the words that say what was seen. */
class Finding extends Error {
  constructor(kind, key, params = {}) {
    super(key);
    this.kind = kind;
    this.key = key;
    this.params = params;
  }
}

function refuse(kind, key, params) {
  throw new Finding(kind, key, params);
}

function bytesFromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesFromLatin1(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character for each byte; TextDecoder's "latin1" is windows-1252, so it can't be used. */
function latin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function concatBytes(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function compareBytes(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

function equalBytes(one, other) {
  return one.length === other.length && compareBytes(one, other) === 0;
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** RFC 4648 base64 in its one spelling; null for anything else. */
function bytesFromBase64(text) {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  const bytes = bytesFromLatin1(atob(text));
  return btoa(latin1(bytes)) === text ? bytes : null;
}

/** The DER values of all PEM blocks with this label (RFC 7468); null where one is no base64. */
function pemBlocks(text, label) {
  const blocks = [];
  const pattern = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, "g");
  for (const match of text.matchAll(pattern)) {
    const der = bytesFromBase64(match[1].replace(/\s+/g, ""));
    if (der === null) return null;
    blocks.push(der);
  }
  return blocks;
}
