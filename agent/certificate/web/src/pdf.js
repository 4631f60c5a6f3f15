// The sealed PDF: where the seal is, that it certifies everything, what is attached.
//
// Nothing of a document is parsed as PDF before its seal has led to a trusted root.

const MAXIMUM_PDF_BYTES = 16 * 1024 * 1024;
const RECORD_NAME = "record.json";
const SIGNATURE_NAME = "record.json.p7s";
// Sorted by name: what a station's own document carries, and a registry's.
const PROVISIONAL_NAMES = ["record.json record.json.p7s"];
const FINAL_NAMES = ["", " root-crl.pem"].map(
  (more) => `crl.pem record.json record.json.p7s record.json.p7s.tsr record.json.tlog-proof${more}`,
);
const BYTE_RANGE = /\/ByteRange ?\[0 (\d{1,9}) (\d{1,9}) (\d{1,9})\]/g;
const CANONICAL_HEX = /^<(?:[0-9a-f]{2}){256,16384}>$/;

// What a catalogue may hold: nothing that acts, or shows another page than the one that is read here.
const CATALOGUE_KEYS = [
  "Type", "Version", "Extensions", "Pages", "Metadata", "OutputIntents", "Lang", "StructTreeRoot", "MarkInfo", "ViewerPreferences",
  "Outlines", "PageLabels", "PageMode", "PageLayout", "Names", "Dests", "AF", "AcroForm", "Perms",
];

/** The one seal that covers the whole document. */
async function findSeal(pdf) {
  if (pdf.length > MAXIMUM_PDF_BYTES) refuse("seal", "pdf-large", { size: pdf.length });
  const text = latin1(pdf);
  const whole = new Map();
  for (const match of text.matchAll(BYTE_RANGE)) {
    const [before, after, rest] = match.slice(1).map(Number);
    // Device text may stand in the attached record in clear: what only looks like a ByteRange is passed over.
    if (before < after && after + rest === pdf.length && CANONICAL_HEX.test(text.slice(before, after))) {
      whole.set(`${before} ${after}`, { before, after, rest });
    }
  }
  if (whole.size !== 1) refuse("seal", "seal-not-whole");
  const [seal] = whole.values();
  const padded = bytesFromHex(text.slice(seal.before + 1, seal.after - 1));
  const digest = await sha256(concatBytes(pdf.subarray(0, seal.before), pdf.subarray(seal.after)));
  return { ...seal, text, padded, envelope: withoutPadding(padded), digest };
}

/** X.690 8.1.3.5: the outer SEQUENCE says its length in two bytes; zeros follow. */
function withoutPadding(padded) {
  const length = 4 + padded[2] * 256 + padded[3];
  const sound = padded[0] === 0x30 && padded[1] === 0x82 && length <= padded.length;
  if (!sound || padded.subarray(length).some((byte) => byte !== 0)) refuse("seal", "seal-padding");
  return padded.subarray(0, length);
}

/** What the file holds, where the seal is its only signature field, certifies it and allows no change. */
function openSealed(pdf, seal) {
  return guarded("pdf-structure", () => {
    const file = new PdfFile(pdf, seal.text);
    const root = file.dictionary(file.trailer.get("Root"));
    if ([...root.keys()].some((key) => !CATALOGUE_KEYS.includes(key))) refuse("seal", "pdf-acts");
    checkField(file, root, seal);
    return { file, root };
  });
}

function checkField(file, root, seal) {
  const form = file.dictionary(root.get("AcroForm"));
  const fields = file.array(form.get("Fields"));
  if (fields.length !== 1 || [...form.keys()].some((key) => !["Fields", "SigFlags"].includes(key))) {
    refuse("seal", "seal-other-field");
  }
  const field = file.dictionary(fields[0]);
  const signature = file.dictionary(field.get("V"));
  const range = file.array(signature.get("ByteRange"));
  const contents = file.resolve(signature.get("Contents"));
  const expected = [0, seal.before, seal.after, seal.rest];
  if (range.length !== 4 || range.some((number, at) => number !== expected[at]) || field.has("Kids")) {
    refuse("seal", "seal-other-field");
  }
  if (!(contents instanceof PdfString) || !equalBytes(contents.bytes, seal.padded)) refuse("seal", "seal-other-field");
  if (file.name(signature.get("SubFilter")) !== "ETSI.CAdES.detached" || file.name(signature.get("Type")) !== "Sig") {
    refuse("seal", "seal-not-pades");
  }
  const transform = file.dictionary(file.array(signature.get("Reference"))[0]);
  const permissions = file.dictionary(root.get("Perms"));
  const certified = file.dictionary(permissions.get("DocMDP")) === signature;
  if (!certified || permissions.size !== 1 || file.name(transform.get("TransformMethod")) !== "DocMDP") {
    refuse("seal", "seal-not-certified");
  }
  if (file.resolve(file.dictionary(transform.get("TransformParams")).get("P")) !== 1) refuse("seal", "seal-allows");
}

/** The attached files by name; named twice, or not the ones of the list AF, is refused. */
async function readAttachments({ file, root }) {
  return guardedLater("pdf-attachments", async () => {
    const names = file.dictionary(root.get("Names"));
    if ([...names.keys()].some((key) => !["EmbeddedFiles", "Dests"].includes(key))) refuse("seal", "pdf-acts");
    const tree = file.dictionary(names.get("EmbeddedFiles"));
    if (tree.has("Kids")) refuse("seal", "pdf-attachments");
    const pairs = file.array(tree.get("Names"));
    const attached = new Map();
    const listed = new Set(file.array(root.get("AF")).map((each) => file.dictionary(each)));
    for (let at = 0; at < pairs.length; at += 2) {
      const name = pdfText(file.resolve(pairs[at]));
      const specification = file.dictionary(pairs[at + 1]);
      if (attached.has(name) || !listed.delete(specification)) refuse("seal", "pdf-attachments");
      attached.set(name, await attachedBytes(file, specification, name));
    }
    if (listed.size > 0) refuse("seal", "pdf-attachments");
    return attached;
  });
}

async function attachedBytes(file, specification, name) {
  for (const key of ["F", "UF"]) {
    if (specification.has(key) && pdfText(file.resolve(specification.get(key))) !== name) {
      refuse("seal", "pdf-attachments");
    }
  }
  const streams = [...file.dictionary(specification.get("EF")).values()].map((each) => file.resolve(each));
  if (streams.length === 0 || streams.some((each) => each !== streams[0])) refuse("seal", "pdf-attachments");
  return file.stream(streams[0]);
}

/** A text string (7.9.2.2): UTF-16 with a mark, else Latin letters. */
function pdfText(value) {
  if (!(value instanceof PdfString)) throw new PdfError("text");
  const { bytes } = value;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be", { fatal: true }).decode(bytes.subarray(2));
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw new PdfError("text");
  return latin1(bytes);
}

function guarded(key, read) {
  try {
    return read();
  } catch (error) {
    return asFinding(error, key);
  }
}

async function guardedLater(key, read) {
  try {
    return await read();
  } catch (error) {
    return asFinding(error, key);
  }
}

function asFinding(error, key) {
  if (error instanceof PdfError) return refuse("seal", key, { what: error.message });
  throw error;
}
