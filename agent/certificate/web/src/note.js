// Signed notes and the keys of logs (C2SP signed-note), Ed25519 only.

const MAXIMUM_NOTE_BYTES = 64 * 1024;
const MAXIMUM_SIGNATURES = 64;
const VERIFIER_KEY = /^([^\s+]{1,256})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const NOTE_CONTROLS = /[\u0000-\u0009\u000b-\u001f]/;
const ED25519 = 1;

const utf8 = new TextEncoder();

function decodeUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The keys of logs, one on each line. */
async function loadLogKeys(text) {
  const keys = [];
  for (const line of text.split("\n")) if (line.trim() !== "") keys.push(await loadLogKey(line.trim()));
  return keys;
}

async function loadLogKey(line) {
  const match = VERIFIER_KEY.exec(line);
  const raw = match === null ? null : bytesFromBase64(match[3]);
  if (raw === null || raw.length !== 33 || raw[0] !== ED25519) return refuse("usage", "log-key");
  const id = (await sha256(concatBytes(utf8.encode(`${match[1]}\n`), raw))).subarray(0, 4);
  if (hexOf(id) !== match[2]) return refuse("usage", "log-key");
  return { name: match[1], id, key: raw.subarray(1) };
}

/** Text and signatures of a note, not verified. */
function splitNote(note) {
  const whole = note.length > MAXIMUM_NOTE_BYTES ? null : decodeUtf8(note);
  const end = whole === null ? -1 : whole.lastIndexOf("\n\n");
  if (end < 0 || NOTE_CONTROLS.test(whole) || !whole.endsWith("\n")) return refuse(null, "note-form");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > MAXIMUM_SIGNATURES) refuse(null, "note-form");
  const signatures = lines.map((line) => {
    const match = SIGNATURE_LINE.exec(line);
    const bytes = match === null ? null : bytesFromBase64(match[2]);
    if (bytes === null || bytes.length < 5) return refuse(null, "note-form");
    return { name: match[1], id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: whole.slice(0, end + 1), signatures };
}

/** The text of a note and the logs that signed it; of a log that is known, every signature has to verify. */
async function openNote(note, logs) {
  const { text, signatures } = splitNote(note);
  const signers = [];
  for (const each of signatures) {
    const log = logs.find((known) => known.name === each.name && equalBytes(known.id, each.id));
    if (log === undefined) continue;
    if (!(await ed25519Verifies(log.key, each.signature, utf8.encode(text)))) refuse(null, "log-signature");
    signers.push(log);
  }
  if (signers.length === 0) refuse(null, "log-other");
  return { text, signers };
}

async function ed25519Verifies(raw, signature, data) {
  try {
    const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, data);
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/** Whether this browser knows Ed25519; where it does not, a log's signature can't be checked. */
async function knowsEd25519() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch (error) {
    // A key that is no point is refused too, by a browser that knows the curve.
    return error instanceof DOMException && error.name === "DataError";
  }
}
