// @vitest-environment node
import { expect, it, vi } from "vitest";
import { findByPreset, presetRules } from "./redact-preset";
import { redactText, rules } from "./redact-text";
import { findUnfinished } from "./redact-tokens";

vi.setConfig({ testTimeout: 300_000 });

const LENGTH = 1_000_000;
const QUARTER = LENGTH / 4;

/** Four times the text may take this many times as long: in proportion it is 4, in the square of it 16. */
const MOST = 8;

const words = [...new Set([...rules, ...presetRules].flatMap(({ keywords }) => keywords))];

/** Beginnings without an end, and ends that come too late, repeated. */
const seeds = [
  "AKIA",
  "AIza",
  "SK",
  "SG.a",
  "ATATT",
  "MTaaaaaaaaaaaaaaaaaaaaaa.",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN PRIVATE KEY-----\n",
  "-----BEGIN ",
  "sk-ant-a!",
  "eyJaaaaaaaaaaaa-",
  "eyJaaaaaaaaaaaa.eyJ",
  "ghs_1_a",
  "xoxb-1-a-!",
  'authorization: "',
  "authorization: bearer ",
  "secret_access_key=",
  "password=",
  "API_TOKEN=",
  "A_",
  "A_KEY ",
  "token: '",
  'token="',
  'key":"',
  "://a:",
  "://a:b/",
  "https://a?b=",
  "cookie: a=",
  "curl -u ",
  " --token ",
  "login a ",
  "mongodb://a:b",
  "\\n\\n",
  "\\u0041",
  "[0m",
  " ",
  "\n",
  "\\",
  '"',
  "a",
  "0",
  "a.",
  "prod:a-",
  "[redacted:",
  "[redacted:a:00000000]",
];

/** Every rule on the text, whatever its words. */
async function look(text: string): Promise<void> {
  for (const { find } of rules) find(text);
  findUnfinished(text);
  await findByPreset(text, presetRules);
}

/** The rules of this word on the text. */
async function lookFor(word: string, text: string): Promise<void> {
  const isOf = ({ keywords }: { keywords: readonly string[] }) => keywords.includes(word);
  for (const { find } of rules.filter(isOf)) find(text);
  await findByPreset(text, presetRules.filter(isOf));
}

/** Processor time, which other programs on the machine do not add to. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** How much longer four times the text takes, at best of as many tries as it needs. */
async function growth(work: (length: number) => Promise<unknown>): Promise<number> {
  let [quarter, full] = [Infinity, Infinity];
  for (let round = 0; round < 6; round += 1) {
    quarter = Math.min(quarter, await cost(() => work(QUARTER)));
    full = Math.min(full, await cost(() => work(LENGTH)));
    if (full / quarter <= MOST) break;
  }
  return full / quarter;
}

/** The seeds for which the work takes more than in proportion to the text. */
async function slowOnes(
  all: readonly string[],
  work: (text: string, seed: string) => Promise<unknown>,
): Promise<string[]> {
  const slow: string[] = [];
  for (const seed of all) {
    const texts = new Map(
      [QUARTER, LENGTH].map((length) => [length, `${seed.repeat(length / seed.length)}!`]),
    );
    const grown = await growth((length) => work(texts.get(length)!, seed));
    if (grown > MOST) slow.push(`${JSON.stringify(seed)}: ${grown.toFixed(1)}`);
  }
  return slow;
}

it("takes at most in proportion to the text, whatever the text, in every rule", async () => {
  expect(await slowOnes(seeds, look)).toEqual([]);
});

it("takes at most in proportion to the text where a rule's own words repeat", async () => {
  expect(await slowOnes(words, (text, word) => lookFor(word, text))).toEqual([]);
  const upper = words.map((word) => word.toUpperCase());
  expect(await slowOnes(upper, (text, word) => lookFor(word.toLowerCase(), text))).toEqual([]);
});

it.each([
  ["JSON of many strings", (n: number) => JSON.stringify(Array(n / 8).fill("a key"))],
  ["JSON in JSON", (n: number) => JSON.stringify({ a: JSON.stringify(Array(n / 16).fill("ab")) })],
  ["quotes and escapes", (n: number) => JSON.stringify(['"\\'.repeat(n / 4)])],
  ["secrets", (n: number) => `osk_${"a".repeat(196)} `.repeat(n / 200)],
  ["masks", (n: number) => `[redacted:a:00000000] ${words.join(" ")}`.repeat(n / 600)],
])("masks %s in time that grows with the text", async (_name, make) => {
  const texts = new Map([QUARTER, LENGTH].map((length) => [length, make(length)]));
  expect(await growth((length) => redactText(texts.get(length)!))).toBeLessThanOrEqual(MOST);
});
