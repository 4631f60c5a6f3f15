// Fonts as Typst embeds them (ISO 32000-1 9.7 and 9.10.3): two bytes a character, each with its Unicode text.

/** Unicode texts and widths of a composite font with Identity-H; PdfError for any other. */
async function readFont(file, font) {
  if (file.name(font.get("Subtype")) !== "Type0" || file.name(font.get("Encoding")) !== "Identity-H") {
    throw new PdfError("kind of font");
  }
  const [descendant] = file.array(font.get("DescendantFonts")).map((each) => file.dictionary(each));
  const standard = file.resolve(descendant.get("DW")) ?? 1000;
  return {
    unicode: readUnicodeMap(latin1(await file.stream(font.get("ToUnicode")))),
    widths: descendant.has("W") ? readWidths(file, file.array(descendant.get("W"))) : new Map(),
    defaultWidth: standard,
  };
}

/** `first [w w w]` or `first last w` (9.7.4.3). */
function readWidths(file, list) {
  const widths = new Map();
  const values = list.map((each) => file.resolve(each));
  for (let at = 0; at < values.length; ) {
    const first = values[at];
    if (Array.isArray(values[at + 1])) {
      values[at + 1].forEach((width, offset) => widths.set(first + offset, file.resolve(width)));
      at += 2;
      continue;
    }
    const [last, width] = [values[at + 1], values[at + 2]];
    if (![first, last, width].every((each) => typeof each === "number") || last - first > 65535) throw new PdfError("widths");
    for (let code = first; code <= last; code += 1) widths.set(code, width);
    at += 3;
  }
  return widths;
}

function readUnicodeMap(text) {
  const map = new Map();
  for (const [, kind, lines] of text.matchAll(/begin(bfchar|bfrange)([^]*?)endbf(?:char|range)/g)) {
    if (kind === "bfchar") {
      for (const [code, words] of mappings(lines, 2)) put(map, code, utf16(words));
      continue;
    }
    for (const [first, last, words] of mappings(lines, 3)) {
      const [from, to] = [first, last].map((hex) => parseInt(hex, 16));
      if (words.length !== 4 || to < from || to - from > 255) throw new PdfError("character map");
      for (let code = from; code <= to; code += 1) {
        put(map, code.toString(16), String.fromCharCode(parseInt(words, 16) + code - from));
      }
    }
  }
  return map;
}

/** Lines of so many <hex> values and nothing else. */
function mappings(lines, count) {
  const values = lines.trim() === "" ? [] : lines.trim().split(/\s+/);
  const sound = values.every((value) => /^<(?:[0-9A-Fa-f]{4})+>$/.test(value)) && values.length % count === 0;
  if (!sound) throw new PdfError("character map");
  const rows = [];
  for (let at = 0; at < values.length; at += count) rows.push(values.slice(at, at + count).map((each) => each.slice(1, -1)));
  return rows;
}

function put(map, code, text) {
  const number = parseInt(code, 16);
  if (map.has(number) && map.get(number) !== text) throw new PdfError("character map");
  map.set(number, text);
}

function utf16(hex) {
  return String.fromCharCode(...hex.match(/.{4}/g).map((each) => parseInt(each, 16)));
}
