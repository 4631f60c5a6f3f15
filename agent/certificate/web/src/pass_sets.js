// The named sequences of passes; whatever their name, an overwrite reaches Clear.

const RANDOM_PASS = "random:";
const patterns = (...list) => list.map((each) => `pattern:${each}`);
const times = (count, pass) => Array(count).fill(pass);
// P. Gutmann's table of 1996, passes 5 to 31.
const GUTMANN = patterns(
  "55", "aa", "924924", "492492", "249249",
  ...Array.from("0123456789abcdef", (digit) => digit + digit),
  "924924", "492492", "249249", "6db6db", "b6db6d", "db6db6",
);

const PASS_SETS = new Map([
  ["random", [RANDOM_PASS]],
  ["zeros", patterns("00")],
  ["ones", patterns("ff")],
  ["dod-3", [...patterns("00", "ff"), RANDOM_PASS]],
  ["hmg-is5-enhanced", [...patterns("00", "ff"), RANDOM_PASS]],
  ["vsitr-7", patterns("00", "ff", "00", "ff", "00", "ff", "aa")],
  ["schneier-7", [...patterns("ff", "00"), ...times(5, RANDOM_PASS)]],
  ["gutmann-35", [...times(4, RANDOM_PASS), ...GUTMANN, ...times(4, RANDOM_PASS)]],
]);

function isPassSet(name, passes) {
  const expected = PASS_SETS.get(name);
  const written = passes.map((pass) => `${pass.spec.kind}:${pass.spec.pattern_hex}`);
  return expected !== undefined && expected.join() === written.join();
}
