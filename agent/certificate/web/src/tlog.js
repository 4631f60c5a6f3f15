// The proof that a record is in a log (C2SP tlog-proof, tlog-checkpoint; RFC 9162 2.1.3.2).

const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const MAXIMUM_PROOF_HASHES = 63;
const NATURAL = /^(?:0|[1-9][0-9]{0,18})$/;

/** The record of this digest is in a known log: its place and the checkpoint. */
async function checkLogProof(data, recordDigest, logs) {
  const { index, path, note } = readProof(data);
  const checkpoint = await openCheckpoint(note, logs);
  const leaf = await sha256(concatBytes([0], recordDigest));
  const root = await rootOf(leaf, index, checkpoint.size, path);
  if (root === null || !equalBytes(root, checkpoint.root)) refuse(null, "log-inclusion");
  return { index, ...checkpoint };
}

function readProof(data) {
  const text = data.length > 2 * MAXIMUM_NOTE_BYTES ? "" : latin1(data);
  const end = text.indexOf("\n\n");
  const lines = text.slice(0, Math.max(end, 0)).split("\n");
  if (end < 0 || lines.shift() !== PROOF_HEADER) return refuse(null, "proof-form");
  // Data that nothing signs.
  if (lines[0]?.startsWith("extra ")) oneHash(lines.shift().slice(6), null);
  const match = /^index (.*)$/.exec(lines.shift() ?? "");
  if (match === null || !NATURAL.test(match[1]) || lines.length > MAXIMUM_PROOF_HASHES) {
    return refuse(null, "proof-form");
  }
  return { index: BigInt(match[1]), path: lines.map((line) => oneHash(line, 32)), note: data.subarray(end + 2) };
}

function oneHash(text, size) {
  const bytes = bytesFromBase64(text);
  if (bytes === null || (size !== null && bytes.length !== size)) return refuse(null, "proof-form");
  return bytes;
}

/** A checkpoint that one of these logs signed for its own origin. */
async function openCheckpoint(note, logs) {
  const { text, signers } = await openNote(note, logs);
  const checkpoint = readCheckpoint(text);
  if (signers.every((log) => log.name !== checkpoint.origin)) refuse(null, "log-other");
  return checkpoint;
}

function sameHead(one, other) {
  return one.origin === other.origin && one.size === other.size && equalBytes(one.root, other.root);
}

function readCheckpoint(text) {
  const lines = text.split("\n");
  const last = lines.pop();
  const sound = lines.length >= 3 && last === "" && lines.every((line) => line !== "") && NATURAL.test(lines[1]);
  if (!sound || Array.from(lines[0]).length > 256) return refuse(null, "note-form");
  return { origin: lines[0], size: BigInt(lines[1]), root: oneHash(lines[2], 32) };
}

/** The root hash that an audit path leads to; null where its length does not fit. */
async function rootOf(leaf, index, size, path) {
  if (index >= size) return null;
  let node = index;
  let last = size - 1n;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0n) return null;
    if (node % 2n === 1n || node === last) {
      hash = await sha256(concatBytes([1], sibling, hash));
      while (node % 2n === 0n && node !== 0n) {
        node /= 2n;
        last /= 2n;
      }
    } else {
      hash = await sha256(concatBytes([1], hash, sibling));
    }
    node /= 2n;
    last /= 2n;
  }
  return last === 0n ? hash : null;
}
