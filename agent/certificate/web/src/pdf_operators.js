// What each operator of a content stream does to a PageReader (ISO 32000-1 annex A).

function numbers(operands, count) {
  if (operands.length !== count || operands.some((each) => typeof each !== "number")) throw new PdfError("operands");
  return operands;
}

function pointOf(page, x, y) {
  return transform(page.state.matrix, x, y);
}

function beginPath(page, points) {
  if (page.path.length > 0) page.subpaths.push(page.path);
  page.path = points;
}

/** A colour in the space that was chosen; null where the space's colours can't be known. */
function colour(page, operands, known) {
  const parts = operands.filter((each) => typeof each === "number");
  return known && parts.length === operands.length ? luminanceOf(parts) : null;
}

/** Whether a space's numbers are grey, red-green-blue or four inks. */
function isKnownSpace(page, [name], resources) {
  if (["DeviceGray", "DeviceRGB", "DeviceCMYK"].includes(name?.name)) return true;
  // A pattern's colours are those of a drawing of its own.
  if (name?.name === "Pattern") return false;
  const space = page.file.resolve(page.resource(resources, "ColorSpace", name));
  const family = page.file.name(Array.isArray(space) ? space[0] : space);
  return ["ICCBased", "CalGray", "CalRGB", "DeviceGray", "DeviceRGB", "DeviceCMYK"].includes(family);
}

function nextLine(page, x, y) {
  page.lineMatrix = multiply([1, 0, 0, 1, x, y], page.lineMatrix);
  page.textMatrix = page.lineMatrix;
}

const PAGE_OPERATORS = {
  q: (page) => page.stack.push({ ...page.state }),
  Q: (page) => {
    if (page.stack.length === 0) throw new PdfError("states are not balanced");
    page.state = page.stack.pop();
  },
  cm: (page, operands) => {
    page.state.matrix = multiply(numbers(operands, 6), page.state.matrix);
  },
  w: (page, operands) => {
    [page.state.lineWidth] = numbers(operands, 1);
  },
  m: (page, operands) => beginPath(page, [pointOf(page, ...numbers(operands, 2))]),
  l: (page, operands) => page.path.push(pointOf(page, ...numbers(operands, 2))),
  c: (page, operands) => {
    const [x1, y1, x2, y2, x3, y3] = numbers(operands, 6);
    page.path.push(pointOf(page, x1, y1), pointOf(page, x2, y2), pointOf(page, x3, y3));
  },
  v: (page, operands) => {
    const [x2, y2, x3, y3] = numbers(operands, 4);
    page.path.push(pointOf(page, x2, y2), pointOf(page, x3, y3));
  },
  y: (page, operands) => {
    const [x1, y1, x3, y3] = numbers(operands, 4);
    page.path.push(pointOf(page, x1, y1), pointOf(page, x3, y3));
  },
  h: (page) => {
    if (page.path.length > 0) page.path.push(page.path[0]);
  },
  re: (page, operands) => {
    const [x, y, width, height] = numbers(operands, 4);
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]];
    beginPath(page, corners.map((corner) => pointOf(page, ...corner)));
  },
  W: (page) => {
    page.clipNext = true;
  },
  "W*": (page) => {
    page.clipNext = true;
  },
  // A shading fills the clipping path with colours that change.
  sh: (page) => page.cover(page.state.clip, null, 1),
  cs: (page, operands, resources) => {
    page.state.fillSpace = isKnownSpace(page, operands, resources);
    page.state.fill = page.state.fillSpace ? 0 : null;
  },
  CS: (page, operands, resources) => {
    page.state.strokeSpace = isKnownSpace(page, operands, resources);
    page.state.stroke = page.state.strokeSpace ? 0 : null;
  },
  scn: (page, operands) => {
    page.state.fill = colour(page, operands, page.state.fillSpace);
  },
  SCN: (page, operands) => {
    page.state.stroke = colour(page, operands, page.state.strokeSpace);
  },
  sc: (page, operands) => PAGE_OPERATORS.scn(page, operands),
  SC: (page, operands) => PAGE_OPERATORS.SCN(page, operands),
  g: (page, operands) => setFill(page, numbers(operands, 1)),
  rg: (page, operands) => setFill(page, numbers(operands, 3)),
  k: (page, operands) => setFill(page, numbers(operands, 4)),
  G: (page, operands) => setStroke(page, numbers(operands, 1)),
  RG: (page, operands) => setStroke(page, numbers(operands, 3)),
  K: (page, operands) => setStroke(page, numbers(operands, 4)),
  BT: (page) => {
    page.textMatrix = IDENTITY;
    page.lineMatrix = IDENTITY;
  },
  ET: (page) => {
    // Modes 4 to 7 make the text a clipping path; no page of ours does that.
    if (page.state.mode > 3) throw new PdfError("text as a clipping path");
  },
  Tr: (page, operands) => {
    [page.state.mode] = numbers(operands, 1);
  },
  Tc: (page, operands) => {
    [page.state.spacing] = numbers(operands, 1);
  },
  // Word spacing touches single-byte codes only (9.3.3), which no font here has.
  Tw: (page, operands) => numbers(operands, 1),
  Tz: (page, operands) => {
    page.state.scale = numbers(operands, 1)[0] / 100;
  },
  TL: (page, operands) => {
    [page.state.leading] = numbers(operands, 1);
  },
  Ts: (page, operands) => {
    [page.state.rise] = numbers(operands, 1);
  },
  Tm: (page, operands) => {
    page.lineMatrix = numbers(operands, 6);
    page.textMatrix = page.lineMatrix;
  },
  Td: (page, operands) => nextLine(page, ...numbers(operands, 2)),
  TD: (page, operands) => {
    const [x, y] = numbers(operands, 2);
    page.state.leading = -y;
    nextLine(page, x, y);
  },
  "T*": (page) => nextLine(page, 0, -page.state.leading),
  Tj: (page, [string]) => page.show(string),
  TJ: (page, [parts]) => {
    if (!Array.isArray(parts)) throw new PdfError("operands");
    for (const part of parts) {
      if (typeof part === "number") page.moveText((-part / 1000) * page.state.size * page.state.scale, 0);
      else page.show(part);
    }
  },
};

function setFill(page, parts) {
  page.state.fillSpace = true;
  page.state.fill = luminanceOf(parts);
}

function setStroke(page, parts) {
  page.state.strokeSpace = true;
  page.state.stroke = luminanceOf(parts);
}
