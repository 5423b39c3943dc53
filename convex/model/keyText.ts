/**
 * What an API key looks like: `osk_`, an id of 8 characters, a secret of 32 (190 random bits) and a checksum of 6. The checksum
 * lets garbage be refused without a look into the database, and lets scanners for leaked secrets tell a key from other text.
 */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 8;
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^osk_[0-9A-Za-z]{${ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** Largest multiple of the number of digits that fits into a byte: bytes above it would make some digits more likely. */
const FAIR_BYTES = 256 - (256 % DIGITS.length);

function randomDigits(count: number): string {
  let digits = "";
  while (digits.length < count) {
    for (const byte of crypto.getRandomValues(new Uint8Array(count))) {
      if (byte < FAIR_BYTES && digits.length < count) digits += DIGITS[byte % DIGITS.length];
    }
  }
  return digits;
}

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function checksum(text: string): string {
  let digits = "";
  for (let rest = crc32(text); digits.length < CHECKSUM_LENGTH;) {
    digits = `${DIGITS[rest % DIGITS.length]}${digits}`;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

/** A new key with its public beginning and its last four characters. */
export function makeKey(): { key: string; prefix: string; lastFour: string } {
  const prefix = `osk_${randomDigits(ID_LENGTH)}`;
  const body = `${prefix}${randomDigits(SECRET_LENGTH)}`;
  const key = `${body}${checksum(body)}`;
  return { key, prefix, lastFour: key.slice(-4) };
}

/** Whether the text is a whole key without a typing error. */
export function isKeyText(text: string): boolean {
  return (
    SHAPE.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
  );
}

/** Hex SHA-256 of a key: a fast hash is right for a secret of this many random bits. */
export async function keyHash(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
