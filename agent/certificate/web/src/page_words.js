// Whether the page of a sealed document says what its record says (docs/certificate.md, "How a page is compared with its record").

const HEADLINES = ["SANITIZED", "INCOMPLETE", "NO MEDIUM FOUND"];

/** The language that the document's catalogue names (ISO 32000-1 14.9.2). */
function pageLanguage({ file, root }) {
  const language = root.has("Lang") ? pdfText(file.resolve(root.get("Lang"))) : "";
  return PAGE_WORDS.languages.includes(language) ? language : refuse("seal", "page-language");
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

/** Every string that the record prints can be seen on the page, in its order and language; no headline more often. */
async function checkPage(sealed, record, digest, provisional) {
  const text = await readPages(sealed);
  const language = await guardedLater("pdf-page", () => pageLanguage(sealed));
  const strings = pageStrings(pageView(record, digest, language, provisional));
  const missing = firstMissing(text, strings);
  if (missing !== undefined) refuse("seal", "page-missing", { word: missing });
  const words = new PageWords(language);
  const foreign = firstTooOften(text, strings, HEADLINES.map((each) => words.term("Headline", each)));
  if (foreign !== undefined) refuse("seal", "page-foreign", { word: foreign });
  return language;
}
