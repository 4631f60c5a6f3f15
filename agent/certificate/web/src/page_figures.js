// Sizes, shares and durations as a page writes them (figures.py): never more than is true.

function floorDivided(number, by) {
  return number / by - (number % by < 0n ? 1n : 0n);
}

function remainderOf(number, by) {
  return ((number % by) + by) % by;
}

function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/** The double that is nearest to a quotient of whole numbers above zero (IEEE 754: ties to even). */
function nearestDouble(number, by) {
  const bits = Math.max(0, 64 - number.toString(2).length + by.toString(2).length);
  const scaled = number << BigInt(bits);
  // A last bit that is never zero where something was left, so that the one rounding knows of it.
  const quotient = ((scaled / by) << 1n) | (scaled % by === 0n ? 0n : 1n);
  return Number(quotient) / 2 ** (bits + 1);
}

/** A positive number with so many digits, as C's "%.4g" writes it: halves to even, no zeros at the end. */
function generalNumber(number, digits) {
  const [mantissa, exponent] = number.toExponential(100).split("e");
  const exact = mantissa.replace(".", "");
  let kept = BigInt(exact.slice(0, digits));
  const rest = BigInt(exact.slice(digits)) * 2n;
  const half = 10n ** BigInt(exact.length - digits);
  if (rest > half || (rest === half && kept % 2n === 1n)) kept += 1n;
  const carried = String(kept).length > digits;
  const power = Number(exponent) + (carried ? 1 : 0);
  const figures = String(kept).slice(0, digits).replace(/0+$/u, "");
  if (power >= -4 && power < digits) return withPoint(figures, power);
  const sign = power < 0 ? "-" : "+";
  return `${withPoint(figures, 0)}e${sign}${twoDigits(Math.abs(power))}`;
}

/** Figures of which the first stands for this power of ten. */
function withPoint(figures, power) {
  if (power < 0) return `0.${"0".repeat(-power - 1)}${figures}`;
  const whole = figures.padEnd(power + 1, "0");
  return whole.length > power + 1 ? `${whole.slice(0, power + 1)}.${whole.slice(power + 1)}` : whole;
}

/** A share in percent with two digits, rounded down: only all of it is 100 %. */
function percentOf(part, whole) {
  if (whole <= 0n) return "0 %";
  if (part === whole) return "100 %";
  const hundredths = floorDivided(part * 10_000n, whole);
  return `${floorDivided(hundredths, 100n)}.${twoDigits(remainderOf(hundredths, 100n))} %`;
}

/** Bytes in the decimal units that drives are sold by. */
function capacityOf(size) {
  for (const [unit, power] of [["TB", 12n], ["GB", 9n], ["MB", 6n]]) {
    const factor = 10n ** power;
    if (size >= factor) return `${generalNumber(nearestDouble(size, factor), 4)} ${unit}`;
  }
  return `${size} bytes`;
}

/** A measured duration in the two units that matter. */
function durationOf(milliseconds) {
  const seconds = floorDivided(milliseconds, 1000n);
  if (seconds >= 3600n) return `${seconds / 3600n} h ${twoDigits((seconds % 3600n) / 60n)} min`;
  if (seconds >= 60n) return `${seconds / 60n} min ${twoDigits(seconds % 60n)} s`;
  return `${seconds}.${remainderOf(milliseconds, 1000n) / 100n} s`;
}

/** Digits in groups of three. */
function inGroups(number, space) {
  return String(number).replace(/(?<=\d)(?=(?:\d{3})+$)/gu, space);
}
