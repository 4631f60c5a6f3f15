// The words of a sealed page, as far as a reader of the page can see them.
//
// Content streams are followed operator by operator (ISO 32000-1 sections 8 and 9), in the order of drawing. Text counts only
// where it can be seen: filled, inside the page and its clipping path, unlike what lies under it, and not covered by what
// is drawn after it. What is not understood ends the verification: it is never passed over.

const LEAST_CONTRAST = 1.5;
const LEAST_ALPHA = 0.5;
const THICK = 3;
// Points; no two lines of text that can be read are as close.
const LINE_STEP = 1;
const PATH_ENDS = new Map([["f", "f"], ["F", "f"], ["f*", "f"], ["B", "fs"], ["B*", "fs"], ["b", "fs"], ["b*", "fs"], ["S", "s"], ["s", "s"], ["n", ""]]);
// Nothing of these changes what can be read.
const HARMLESS = new Set(["J", "j", "M", "d", "ri", "i", "MP", "DP", "BMC", "BDC", "EMC", "BX", "EX"]);

const IDENTITY = [1, 0, 0, 1, 0, 0];

function multiply(m, n) {
  return [
    m[0] * n[0] + m[1] * n[2], m[0] * n[1] + m[1] * n[3], m[2] * n[0] + m[3] * n[2], m[2] * n[1] + m[3] * n[3],
    m[4] * n[0] + m[5] * n[2] + n[4], m[4] * n[1] + m[5] * n[3] + n[5],
  ];
}

function transform(m, x, y) {
  return [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];
}

function boxOf(points, margin = 0) {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return [Math.min(...xs) - margin, Math.min(...ys) - margin, Math.max(...xs) + margin, Math.max(...ys) + margin];
}

function isInside([x, y], box) {
  return x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
}

function overlap(one, other) {
  return [
    Math.max(one[0], other[0]), Math.max(one[1], other[1]), Math.min(one[2], other[2]), Math.min(one[3], other[3]),
  ];
}

/** Relative luminance (WCAG 2.2) of a colour of one, three or four parts; null where it can't be known. */
function luminanceOf(parts) {
  let rgb = null;
  if (parts.length === 1) rgb = [parts[0], parts[0], parts[0]];
  if (parts.length === 3) rgb = parts;
  if (parts.length === 4) rgb = parts.slice(0, 3).map((part) => (1 - part) * (1 - parts[3]));
  if (rgb === null || rgb.some((part) => typeof part !== "number")) return null;
  const linear = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function canBeTold(one, other) {
  if (one === null || other === null) return false;
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) >= LEAST_CONTRAST;
}

class PageReader {
  constructor(file, box) {
    this.file = file;
    this.box = box;
    this.paints = [];
    this.glyphs = [];
    this.fonts = new Map();
    this.stack = [];
    this.state = {
      matrix: IDENTITY, clip: box, fill: 0, stroke: 0, fillSpace: true, strokeSpace: true, fillAlpha: 1, strokeAlpha: 1,
      lineWidth: 1, font: null, size: 0, spacing: 0, wordSpacing: 0, scale: 1, rise: 0, leading: 0, mode: 0,
    };
    this.path = [];
    this.subpaths = [];
    this.clipNext = false;
  }

  async run(content, resources, depth = 0) {
    if (depth > 8) throw new PdfError("forms inside forms");
    const reader = new PdfReader(latin1(content));
    let operands = [];
    for (let token = reader.next(); token !== undefined; token = reader.next()) {
      if (!(token instanceof PdfKeyword)) {
        operands.push(token);
        continue;
      }
      await this.operate(token.word, operands, resources, depth);
      operands = [];
    }
  }

  async operate(word, operands, resources, depth) {
    if (HARMLESS.has(word)) return this.checkMarked(word, operands);
    if (word === "Do") return this.draw(operands, resources, depth);
    if (word === "Tf") return this.setFont(operands, resources);
    if (word === "gs") return this.setGraphics(operands, resources);
    if (PATH_ENDS.has(word)) return this.paint(PATH_ENDS.get(word), word);
    const operator = PAGE_OPERATORS[word];
    if (operator === undefined || !Object.hasOwn(PAGE_OPERATORS, word)) throw new PdfError(`operator ${word}`);
    return operator(this, operands, resources);
  }

  checkMarked(word, operands) {
    // Optional content may be switched off in a viewer.
    if (word === "BDC" && operands[0]?.name === "OC") throw new PdfError("optional content");
  }

  resource(resources, kind, name) {
    const group = this.file.dictionary(resources.get(kind));
    if (!(name instanceof PdfName) || !group.has(name.name)) throw new PdfError(`${kind} is missing`);
    return group.get(name.name);
  }

  async setFont([name, size], resources) {
    const value = this.resource(resources, "Font", name);
    const key = this.file.resolve(value);
    if (!this.fonts.has(key)) this.fonts.set(key, await readFont(this.file, key));
    this.state.font = this.fonts.get(key);
    this.state.size = size;
  }

  setGraphics([name], resources) {
    const settings = this.file.dictionary(this.resource(resources, "ExtGState", name));
    for (const [key, raw] of settings) {
      const value = this.file.resolve(raw);
      if (key === "ca") this.state.fillAlpha = value;
      else if (key === "CA") this.state.strokeAlpha = value;
      else if (key === "LW") this.state.lineWidth = value;
      else if (key === "BM" && value?.name !== "Normal") throw new PdfError("blend mode");
      else if (key === "SMask" && value?.name !== "None") throw new PdfError("soft mask");
      else if (key === "Font") throw new PdfError("font by graphics state");
    }
  }

  async draw([name], resources, depth) {
    const object = this.file.resolve(this.resource(resources, "XObject", name));
    const dictionary = object?.dictionary;
    if (dictionary === undefined || dictionary.has("OC")) throw new PdfError("external object");
    const kind = this.file.name(dictionary.get("Subtype"));
    if (kind === "Image") return this.cover(boxOf([[0, 0], [1, 0], [0, 1], [1, 1]].map((p) => transform(this.state.matrix, ...p))), null, 1);
    if (kind !== "Form") throw new PdfError("external object");
    this.stack.push({ ...this.state });
    const matrix = dictionary.has("Matrix") ? this.file.array(dictionary.get("Matrix")) : IDENTITY;
    this.state.matrix = multiply(matrix, this.state.matrix);
    const [x0, y0, x1, y1] = this.file.array(dictionary.get("BBox"));
    const corners = [[x0, y0], [x1, y0], [x0, y1], [x1, y1]].map((point) => transform(this.state.matrix, ...point));
    this.state.clip = overlap(this.state.clip, boxOf(corners));
    const height = this.stack.length;
    const own = dictionary.has("Resources") ? this.file.dictionary(dictionary.get("Resources")) : resources;
    await this.run(await this.file.stream(object), own, depth + 1);
    if (this.stack.length !== height) throw new PdfError("states are not balanced");
    this.state = this.stack.pop();
  }

  cover(box, luminance, alpha) {
    const seen = overlap(box, this.state.clip);
    if (alpha > 0 && seen[0] <= seen[2] && seen[1] <= seen[3]) {
      this.paints.push({ box: seen, luminance: alpha < 1 ? null : luminance, before: this.glyphs.length });
    }
  }

  paint(how, word) {
    const paths = this.path.length > 0 ? [...this.subpaths, this.path] : this.subpaths;
    const all = paths.flat();
    const { state } = this;
    if (all.length > 0 && how.includes("f")) this.cover(boxOf(all), state.fill, state.fillAlpha);
    if (how.includes("s")) this.strokeAlong(paths, word);
    if (this.clipNext) state.clip = overlap(state.clip, all.length > 0 ? boxOf(all) : [0, 0, -1, -1]);
    this.clipNext = false;
    this.path = [];
    this.subpaths = [];
  }

  /** A thick line covers like an area; a thin one leaves the words under it readable. */
  strokeAlong(paths) {
    const { state } = this;
    const width = state.lineWidth * Math.sqrt(Math.abs(state.matrix[0] * state.matrix[3] - state.matrix[1] * state.matrix[2]));
    if (width <= THICK) return;
    for (const path of paths) {
      for (let at = 1; at < path.length; at += 1) this.cover(boxOf(path.slice(at - 1, at + 1), width / 2), state.stroke, state.strokeAlpha);
    }
  }

  show(string) {
    const { state } = this;
    if (!(string instanceof PdfString) || state.font === null) throw new PdfError("text without a font");
    const { bytes } = string;
    if (bytes.length % 2) throw new PdfError("half a character");
    for (let at = 0; at < bytes.length; at += 2) {
      const code = bytes[at] * 256 + bytes[at + 1];
      const text = state.font.unicode.get(code);
      if (text === undefined) throw new PdfError("a character without Unicode");
      const width = state.font.widths.get(code) ?? state.font.defaultWidth;
      const inner = [state.size * state.scale, 0, 0, state.size, 0, state.rise];
      const place = multiply(inner, multiply(this.textMatrix, state.matrix));
      this.glyphs.push(this.glyph(text, place, width / 1000));
      const advance = (width / 1000) * state.size + state.spacing;
      this.moveText(advance * state.scale, 0);
    }
  }

  glyph(text, place, width) {
    const { state } = this;
    const drawn = [0, 2, 4, 6].includes(state.mode) && state.fillAlpha >= LEAST_ALPHA;
    const middle = transform(place, width / 2, 0.3);
    const height = Math.hypot(place[2], place[3]);
    const seen = drawn && height >= 3 && isInside(middle, state.clip) && isInside(middle, this.box);
    return { text, middle, luminance: state.fill, seen, paints: this.paints.length };
  }

  moveText(x, y) {
    this.textMatrix = multiply([1, 0, 0, 1, x, y], this.textMatrix);
  }

  /** The text that can be seen, in the order of drawing, a line end wherever the next letter stands higher or lower. */
  visibleText() {
    let text = "";
    let line = null;
    for (const glyph of this.glyphs) {
      if (!glyph.seen || !this.standsOut(glyph)) continue;
      if (line !== null && Math.abs(glyph.middle[1] - line) > LINE_STEP) text += "\n";
      line = glyph.middle[1];
      text += glyph.text;
    }
    return text;
  }

  standsOut(glyph) {
    let under = 1;
    for (let at = 0; at < this.paints.length; at += 1) {
      const paint = this.paints[at];
      if (!isInside(glyph.middle, paint.box)) continue;
      if (at >= glyph.paints) return false;
      under = paint.luminance;
    }
    return canBeTold(glyph.luminance, under);
  }
}
