// The level that a technique reaches on a kind of medium: NIST SP 800-88 and IEEE 2883-2022; where they differ, the lower.

const METHOD_RANK = ["none", "clear", "purge"];
const FLASH = ["solid-state drive", "embedded flash (eMMC, UFS)", "removable flash"];

// On magnetic disks, on flash.
const LEVELS = new Map([
  ["overwrite", ["clear", "clear"]],
  ["ata sanitize overwrite", ["purge", "purge"]],
  ["ata sanitize block erase", ["none", "purge"]],
  ["ata security erase enhanced", ["purge", "clear"]],
  ["ata security erase", ["clear", "clear"]],
  ["nvme sanitize block erase", ["none", "purge"]],
  ["nvme sanitize overwrite", ["purge", "purge"]],
  ["nvme format user data erase", ["clear", "clear"]],
  ["scsi sanitize block erase", ["none", "purge"]],
  ["scsi sanitize overwrite", ["purge", "purge"]],
  ["mmc erase and sanitize", ["none", "purge"]],
  ["mmc secure erase", ["none", "purge"]],
]);

// Only a key is changed: Clear at most, for no source is listed by which it would be Purge.
const KEY_CHANGES = [
  "ata sanitize crypto scramble",
  "nvme sanitize crypto erase",
  "nvme format crypto erase",
  "scsi sanitize cryptographic erase",
  "opal psid revert",
];

// The medium may hold anything afterwards.
const LEAVES_ANYTHING = [...KEY_CHANGES, "ata security erase enhanced"];

function rankOf(level) {
  return METHOD_RANK.indexOf(level);
}

function highestLevel(technique, mediaType) {
  if (mediaType === "virtual disk") return technique === "overwrite" ? "clear" : "none";
  if (KEY_CHANGES.includes(technique)) return "clear";
  const levels = LEVELS.get(technique);
  // A technique that this page does not know reaches nothing.
  if (levels === undefined) return "none";
  const [magnetic, flash] = levels;
  if (mediaType === "magnetic hard disk drive") return magnetic;
  if (FLASH.includes(mediaType)) return flash;
  return rankOf(magnetic) < rankOf(flash) ? magnetic : flash;
}
