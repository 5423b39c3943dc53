/**
 * Reading a long session: with 5,000 messages a message costs at most 1.2 times what it costs with 500, for every agent whose page loads
 * whole sessions; and a body of any size costs no more than the cap.
 */
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runnerImport } from "vite";
import { FORMS, type Form } from "./reading/forms.ts";
import { grow, type Observation } from "./reading/grow.ts";
import { measureCollector, measureTap, type Row } from "./reading/huge.ts";

const SMALL = 500;
const LARGE = 5_000;
const MOST = 1.2;
/** Two measurements of the same may differ by so much. */
const DRIFT = 1.1;
const ROUNDS = 9;
const TRIES = 5;
/** For a body of the cap's size whose end is missing. */
const MOST_CUT_MS = 5_000;
const MB = 1024 ** 2;
const HUGE = 50 * MB;

interface Agent {
  id: string;
  taps: {
    id: string;
    read(observation: Observation): { messages: { key: string }[] }[] | null;
  }[];
}

const root = join(import.meta.dirname, "..");
const load = async <T>(path: string): Promise<T> =>
  (await runnerImport<T>(join(root, path), { root, configFile: false, logLevel: "error" })).module;
const { agents } = await load<{ agents: Agent[] }>("agents/index.ts");

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

type Read = (observation: Observation) => number;

/** Reads with the tap that the observation names; answers how many messages there are. */
function readerOf({ agent }: Form): Read {
  const taps = agents.find(({ id }) => id === agent)!.taps;
  return (observation) => {
    const readings = taps.find(({ id }) => id === observation.tap)!.read(observation) ?? [];
    const keys = readings.flatMap(({ messages }) => messages.map(({ key }) => key));
    return new Set(keys).size;
  };
}

/** Milliseconds that this thread has worked: what other programs take meanwhile does not count. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds for reading so many times, one after the other, with an empty heap before. */
function time(read: Read, observation: Observation, times: number): number {
  collectGarbage();
  const startedAt = worked();
  for (let done = 0; done < times; done += 1) read(observation);
  return worked() - startedAt;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Turn about, the larger twice: the ratio of the medians, and that of the same with itself. */
function compare(read: Read, small: Observation, large: Observation) {
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = -2; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? [0, 1, 2] : [2, 1, 0];
    for (const which of order) {
      const ms = which === 0 ? time(read, small, LARGE / SMALL) : time(read, large, 1);
      if (round >= 0) times[which]!.push(ms);
    }
  }
  const [smallMs, largeMs, againMs] = times.map(median) as [number, number, number];
  const drift = Math.max(largeMs / againMs, againMs / largeMs);
  return { ms: largeMs, ratio: Math.min(largeMs, againMs) / smallMs, drift };
}

function show(row: Row): Row {
  console.log(`${row.isOk ? " " : "!"} ${row.name.padEnd(28)} ${row.figures}`);
  return row;
}

const nameOf = ({ agent, fixture }: Form): string => `${agent} ${fixture}`;

/** A session of so many messages, as exactly as the fixture's count allows. */
function sessionOf(form: Form, messages: number, perCopy: number): Observation {
  return grow(form, Math.ceil(messages / perCopy));
}

function measure(form: Form): Row {
  const read = readerOf(form);
  const perCopy = read(grow(form, 3)) - read(grow(form, 2));
  const small = sessionOf(form, SMALL, perCopy);
  const large = sessionOf(form, LARGE, perCopy);
  const [few, many] = [read(small), read(large)];
  const name = nameOf(form);
  if (few < SMALL || many < LARGE) {
    return { name, figures: `only ${few} and ${many} messages are read`, isOk: false };
  }
  for (let left = TRIES - 1; ; left -= 1) {
    const { ms, ratio, drift } = compare(read, small, large);
    const perMessage = (ratio * few * (LARGE / SMALL)) / many;
    const isVoid = drift > DRIFT;
    if ((isVoid || perMessage > MOST) && left > 0) continue;
    const figures = `${((ms / many) * 1_000).toFixed(1)} us a message, ratio ${perMessage.toFixed(2)}, drift ${drift.toFixed(2)}`;
    return {
      name,
      figures: isVoid ? `void: ${figures}` : figures,
      isOk: !isVoid && perMessage <= MOST,
    };
  }
}

/** The session as it comes when it is longer than the cap. */
function measureCut(form: Form, cap: number): Row {
  const read = readerOf(form);
  const [one, two] = [1, 2].map((copies) => grow(form, copies).body.length);
  const whole = grow(form, Math.ceil(cap / (two! - one!)) + 1);
  const cut = { ...whole, body: whole.body.slice(0, cap), isTruncated: true };
  const startedAt = worked();
  const count = read(cut);
  const ms = worked() - startedAt;
  const figures = `cut at ${cap / MB} MB: ${count} messages in ${ms.toFixed(0)} ms`;
  return { name: nameOf(form), figures, isOk: cut.body.length === cap && ms <= MOST_CUT_MS };
}

console.log(`A session of ${LARGE} messages against one of ${SMALL} (ratio at most ${MOST})`);
const rows = FORMS.map((form) => show(measure(form)));
const { MAX_BODY_BYTES } = await load<{ MAX_BODY_BYTES: number }>("capture/limits.ts");
console.log(`\nA session longer than the cap (at most ${MOST_CUT_MS} ms)`);
const cuts = FORMS.filter(({ isRequest }) => !isRequest).map((form) =>
  show(measureCut(form, MAX_BODY_BYTES)),
);
console.log(`\nA body of ${HUGE / MB} MB`);
const huge = [await measureTap(load, HUGE), await measureCollector(load, HUGE)].map(show);
process.exitCode = [...rows, ...cuts, ...huge].every(({ isOk }) => isOk) ? 0 : 1;
