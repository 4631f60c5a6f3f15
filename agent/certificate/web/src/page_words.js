// Which words of the record must stand on the page, and how device text is written there (docs/certificate.md, "Template").

// What str.strip() and \s of the program that writes the page take for a space.
const PYTHON_SPACE = "\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS = new RegExp(`^[${PYTHON_SPACE}]+|[${PYTHON_SPACE}]+$`, "gu");
const UNSEEN = new RegExp(`[${PYTHON_SPACE}\\u00ad\\u200b]+`, "gu");
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const NOT_SHOWN =
  /[^\u0020-\u007e\u00a1-\u00ac\u00ae-\u017f\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]/u;

/** Text of a device or person as one line of the page. */
function shown(text, limit = 64) {
  const characters = Array.from(text.normalize("NFC").replace(ENDS, ""), (each) => (NOT_PRINTABLE.test(each) ? "?" : each));
  const short = characters.length <= limit ? characters : [...characters.slice(0, limit - 1), "…"];
  return short.map((each) => (NOT_SHOWN.test(each) ? "?" : each)).join("");
}

// What a station's own copy is marked with until the registry has made the final one.
const PROVISIONAL = { en: "PROVISIONAL", fr: "PROVISOIRE", de: "VORLÄUFIG" };
const HEADLINES = ["SANITIZED", "INCOMPLETE", "NO MEDIUM FOUND"];

/** The language that the document's catalogue names (ISO 32000-1 14.9.2). */
function pageLanguage({ file, root }) {
  const language = root.has("Lang") ? pdfText(file.resolve(root.get("Lang"))) : "";
  return Object.hasOwn(PAGE_TERMS, language) ? language : refuse("seal", "page-language");
}

function verifiedWords(record, digest, language, provisional) {
  const terms = PAGE_TERMS[language];
  const words = [terms[record.headline], record.record_id, digest];
  if (record.specimen) words.push("SPECIMEN");
  if (provisional) words.push(PROVISIONAL[language]);
  for (const drive of record.drives) {
    words.push(shown(drive.identity.model), shown(drive.identity.serial), terms[drive.outcome]);
  }
  return words.filter((word) => word !== "");
}

/** Headlines of another kind that stand on the page although nothing in the record holds such words. */
function foreignHeadlines(pageText, record, recordText, language) {
  const [text, said] = [pageText, recordText].map((each) => each.replace(UNSEEN, ""));
  const others = HEADLINES.filter((each) => each !== record.headline).map((each) => PAGE_TERMS[language][each]);
  return others.filter((each) => text.includes(each.replace(UNSEEN, "")) && !said.includes(each.replace(UNSEEN, "")));
}

function missingWords(pageText, words) {
  const text = pageText.replace(UNSEEN, "");
  return words.filter((word) => !text.includes(word.replace(UNSEEN, "")));
}

/** The text of all pages that can be seen. */
async function readPages({ file, root }) {
  return guardedLater("pdf-page", async () => {
    const tree = file.dictionary(root.get("Pages"));
    let text = "";
    for (const page of pagesOf(file, tree, 0)) text += await readPage(file, page);
    return text;
  });
}

function pagesOf(file, node, depth) {
  if (depth > 8) throw new PdfError("tree of pages");
  if (file.name(node.get("Type")) === "Page") return [node];
  return file.array(node.get("Kids")).flatMap((each) => {
    const child = file.dictionary(each);
    if (!child.has("Parent") || file.dictionary(child.get("Parent")) !== node) throw new PdfError("tree of pages");
    return pagesOf(file, child, depth + 1);
  });
}

function inherited(file, page, key) {
  for (let node = page, steps = 0; steps < 10; steps += 1) {
    if (node.has(key)) return file.resolve(node.get(key));
    if (!node.has("Parent")) return undefined;
    node = file.dictionary(node.get("Parent"));
  }
  throw new PdfError("tree of pages");
}

async function readPage(file, page) {
  checkAnnotations(file, page);
  // Turned or cropped pages show something else than their content says.
  if (["Rotate", "UserUnit"].some((key) => inherited(file, page, key) !== undefined)) throw new PdfError("a turned page");
  const box = file.array(inherited(file, page, "CropBox") ?? inherited(file, page, "MediaBox"));
  const reader = new PageReader(file, box);
  const contents = file.resolve(page.get("Contents"));
  const streams = Array.isArray(contents) ? contents : [page.get("Contents")];
  const parts = [];
  for (const stream of streams) parts.push(await file.stream(stream), new Uint8Array([0x0a]));
  await reader.run(concatBytes(...parts), inherited(file, page, "Resources"));
  return reader.visibleText();
}

/** Annotations are drawn over the page: only links without a look of their own and the seal's own field of no size are let through. */
function checkAnnotations(file, page) {
  if (page.has("AA")) throw new PdfError("a page that acts");
  if (!page.has("Annots")) return;
  for (const each of file.array(page.get("Annots"))) {
    const annotation = file.dictionary(each);
    const kind = file.name(annotation.get("Subtype"));
    const [x0, y0, x1, y1] = file.array(annotation.get("Rect"));
    const isSeal = kind === "Widget" && x0 === x1 && y0 === y1;
    if ((!isSeal && kind !== "Link") || annotation.has("AP")) throw new PdfError("an annotation");
  }
}

/** The page says what the record says, in its own language. */
async function checkPage(sealed, record, recordBytes, digest, provisional) {
  const text = await readPages(sealed);
  const language = await guardedLater("pdf-page", () => pageLanguage(sealed));
  const [missing] = missingWords(text, verifiedWords(record, digest, language, provisional));
  if (missing !== undefined) refuse("seal", "page-missing", { word: missing });
  const [foreign] = foreignHeadlines(text, record, new TextDecoder().decode(recordBytes), language);
  if (foreign !== undefined) refuse("seal", "page-foreign", { word: foreign });
}
