// The page itself: language, trust, files, results.

const WORDS = { en: WORDS_EN, fr: WORDS_FR, de: WORDS_DE };
const CHECKPOINT_FILE = /^[^\n]+\n\d+\n[^]*\n\n\u2014 /;
const LANGUAGE_NAMES = { en: "English", fr: "Français", de: "Deutsch" };

const state = { language: "en", trust: { roots: [], crls: [], logs: [], note: null, checkpoint: null }, results: [], left: [], run: 0 };

/** Words of the chosen language; what stands in braces is filled in as plain text. */
function say(key, params = {}) {
  const words = WORDS[state.language];
  const text = Object.hasOwn(words, key) ? words[key] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(params, name) ? shown(String(params[name]), 200) : whole));
}

function byId(id) {
  return document.getElementById(id);
}

function showLanguage(language) {
  state.language = language;
  document.documentElement.lang = language;
  document.title = say("window-title");
  for (const each of document.querySelectorAll("[data-words]")) each.textContent = say(each.dataset.words);
  const buttons = Object.keys(WORDS).map((code) => {
    const button = element("button", { text: LANGUAGE_NAMES[code] });
    button.type = "button";
    button.lang = code;
    button.setAttribute("aria-pressed", String(code === language));
    button.addEventListener("click", () => showLanguage(code));
    return button;
  });
  byId("languages").replaceChildren(...buttons);
  showTrust();
  showResults();
}

function showTrust() {
  const { roots, crls, logs } = state.trust;
  const lines = roots.map((root) => {
    const name = say("trusts-root", { name: root.commonName, organisation: root.organisation });
    const digest = element("span", { className: "digest", text: `SHA-256 ${root.sha256.match(/.{4}/g).join(" ")}` });
    return element("li", { children: [`${name} `, digest] });
  });
  if (roots.length === 0) lines.push(element("li", { text: say("trusts-nobody") }));
  for (const crl of crls) lines.push(element("li", { text: say("trusts-crl", { day: dayOf(crl.thisUpdate) }) }));
  for (const log of logs) lines.push(element("li", { text: say("trusts-log", { name: log.name }) }));
  if (state.trust.checkpoint !== null) lines.push(element("li", { text: say("found-checkpoint", state.trust.checkpoint) }));
  if (state.trustProblem) lines.push(element("li", { text: say(state.trustProblem) }));
  byId("trust-list").replaceChildren(...lines);
}

/** Takes roots, a list of revoked certificates and a log's key; a wrong file changes nothing. */
async function addTrust(texts) {
  state.trustProblem = null;
  const lists = [];
  for (const bytes of texts) {
    const text = latin1(bytes);
    try {
      if (text.includes("-----BEGIN CERTIFICATE-----")) state.trust.roots = await loadRoots(text);
      else if (text.includes("-----BEGIN X509 CRL-----") || bytes[0] === SEQUENCE) lists.push(...loadCrls(bytes));
      else if (VERIFIER_KEY.test(text.trim().split("\n")[0])) state.trust.logs = await loadLogKeys(text);
      else if (CHECKPOINT_FILE.test(decodeUtf8(bytes) ?? "")) state.trust.note = bytes;
      else refuse("usage", "trust-unknown");
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      state.trustProblem = error.key;
    }
  }
  if (lists.length > 0) state.trust.crls = lists;
  await readKnownCheckpoint();
}

/** A checkpoint is known once its log is, in whatever order the files came. */
async function readKnownCheckpoint() {
  if (state.trust.note === null || state.trust.logs.length === 0 || !(await knowsEd25519())) return;
  try {
    state.trust.checkpoint = await openCheckpoint(state.trust.note, state.trust.logs);
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    state.trustProblem = error.key;
  }
}

function showResults() {
  byId("results").hidden = state.results.length === 0 && state.left.length === 0;
  byId("cards").replaceChildren(...state.results.map(({ path, report, milliseconds }) => {
    const card = cardOf(path, report);
    card.dataset.milliseconds = String(milliseconds);
    return card;
  }));
  const count = (verdict) => state.results.filter(({ report }) => verdictOf(report) === verdict).length;
  const params = { total: state.results.length, valid: count("valid"), refused: count("refused") };
  byId("summary").textContent = state.results.length > 1 ? say("summary", params) : "";
  byId("passed-over").textContent = state.left.length > 0 ? say("passed-over", { names: state.left.join(", ") }) : "";
}

function momentOfJudgement() {
  const { value } = byId("at");
  const moment = value === "" ? Date.now() : Date.parse(`${value}Z`);
  return Number.isNaN(moment) ? Date.now() : moment;
}

async function verifyFiles(files) {
  state.run += 1;
  const run = state.run;
  byId("results").dataset.state = "busy";
  const { jobs, left } = sortFiles(files);
  const results = [];
  for (const job of jobs) {
    const begun = performance.now();
    const report = await reportOfJob(job);
    results.push({ path: job.path, report, milliseconds: Math.round(performance.now() - begun) });
  }
  // Other files may have been chosen meanwhile.
  if (run !== state.run) return;
  state.results = results;
  state.left = left;
  showResults();
  byId("results").dataset.state = "done";
}

async function reportOfJob(job) {
  const unable = (key, params = {}) => ({ unable: { key, params }, valid: false, steps: [], remarks: [], record: null });
  if (state.trust.roots.length === 0) return unable("no-root");
  try {
    return await runJob(job, state.trust, momentOfJudgement());
  } catch (error) {
    return error instanceof Finding ? unable(error.key, error.params) : unable("not-understood", { what: String(error) });
  }
}

async function chooseTrust(event) {
  await addTrust(await Promise.all(chosenFiles(event.target).map(({ file }) => contentsOf(file))));
  showTrust();
  byId("trust-list").dataset.state = "done";
}

function wire() {
  byId("trust-files").addEventListener("change", chooseTrust);
  for (const id of ["files", "folder"]) {
    byId(id).addEventListener("change", (event) => verifyFiles(chosenFiles(event.target)));
    // The same file chosen again is verified again.
    byId(id).addEventListener("click", (event) => {
      event.target.value = "";
    });
  }
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("dragover", () => byId("drop").classList.add("over"));
  document.addEventListener("dragleave", () => byId("drop").classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    byId("drop").classList.remove("over");
    await verifyFiles(await droppedFiles(event.dataTransfer));
  });
}

async function start() {
  const pinned = JSON.parse(byId("pinned").textContent);
  await addTrust([pinned.root, pinned.crl, pinned.log].filter(Boolean).map(bytesFromLatin1));
  wire();
  const wished = navigator.language.slice(0, 2);
  showLanguage(Object.hasOwn(WORDS, wished) ? wished : "en");
  document.documentElement.dataset.ready = "yes";
}

start();
