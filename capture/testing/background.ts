/**
 * The background of the test extension: the real registration, collector and reader around a gate that the test sets. It is told what to
 * do, and asked what it saw, by the test in its own worker.
 */
import { opencode } from "../../agents/opencode";
import type { Agent, Observation, Reading } from "../../agents/agent";
import { browser } from "../../utils/browser";
import { onMessage, sendMessage, type ObservationAck, type PageAsk } from "../../utils/messages";
import { createCollector } from "../collect";
import { agentPatterns, agentsAt, hostsOf, type Switches } from "../origin-agent";
import { readObservation } from "../read";
import { createRegistration } from "../register";
import { besideAgent, offAgent, testAgent } from "./agent";

/** One observation that arrived whole. */
export interface Seen {
  origin: string;
  observation: Observation;
  /** The first of them. */
  reading: Reading | null;
  readings: Reading[];
  /** Kind and detail of the problem. */
  trouble: string | null;
}

/** What the person switched on; set when the test extension is built, so that it outlives the worker. */
declare const TEST_SWITCHES: Switches;

/** Where a worker that no test can look into tells what it saw, one POST each; null where one can. */
declare const TEST_REPORT: string | null;

const agents = [testAgent, besideAgent, offAgent, opencode];
const collector = createCollector({
  now: Date.now,
  hostsOf: (tap) => hostsOf(tap, agents),
});
const registration = createRegistration({
  scripting: browser.scripting,
  permissions: browser.permissions,
  tabs: browser.tabs,
  hasPortsInPatterns: TEST_REPORT === null,
});

const control = {
  registration,
  switches: TEST_SWITCHES,
  /** What arrived since this worker started. */
  seen: [] as Seen[],
  /** Every chunk, also those of what is not whole. */
  chunks: 0,
  /** Largest text of one chunk. */
  largest: 0,
  /** Milliseconds before an answer. */
  delayMs: 0,
  /** How many whole observations are answered as not stored. */
  failures: 0,
  isPaused: false,
  /** Has the open page at an address ask something. */
  async askPage(url: string, ask: PageAsk) {
    const [tab] = await browser.tabs.query({ url });
    return sendMessage("askPage", ask, tab!.id);
  },
};

Object.assign(globalThis, { control });

async function report(seen: unknown): Promise<void> {
  if (TEST_REPORT) await fetch(TEST_REPORT, { method: "POST", body: JSON.stringify(seen) });
}

if (TEST_REPORT) {
  const enabled = agents.filter(({ id }) => control.switches[id]?.isEnabled);
  const traffic = enabled.map((agent) => ({
    agentId: agent.id,
    patterns: agentPatterns(agent, control.switches[agent.id]),
  }));
  void registration.apply({ traffic, readers: [] }).then(report);
}

export type Control = typeof control;

function read(agent: Agent, observation: Observation): Omit<Seen, "origin" | "observation"> {
  const { readings, problem } = readObservation(agent, observation);
  const trouble = problem && `${problem.kind} ${problem.detail}`;
  return { reading: readings[0] ?? null, readings, trouble };
}

function take(origin: string, tabId: number, data: unknown): ObservationAck {
  const here = agentsAt(origin, control.switches, agents);
  if (control.isPaused || here.length === 0) return { isStored: false, mustStop: true };
  control.chunks += 1;
  control.largest = Math.max(control.largest, (data as { text: string }).text.length);
  const collected = collector.add({ tabId, origin }, data);
  if (collected.kind !== "complete") {
    return { isStored: false, mustStop: collected.kind === "refused" };
  }
  if (control.failures > 0) {
    control.failures -= 1;
    return { isStored: false, mustStop: false };
  }
  const { observation } = collected;
  for (const agent of here.filter(({ id }) => observation.tap.includes(`${id}/`))) {
    const seen: Seen = { origin, observation, ...read(agent, observation) };
    control.seen.push(seen);
    void report(seen);
  }
  const path = URL.parse(observation.url)?.searchParams.get("ask");
  // Where no test can have the worker ask, a page says by its own address what is to be asked of it.
  if (path) {
    const ask = { agent: "test-agent", method: "GET" as const, path };
    void sendMessage("askPage", ask, tabId).then(report);
  }
  return { isStored: true, mustStop: false };
}

onMessage("observe", async ({ data, sender }) => {
  const answer = take(new URL(sender.url ?? "").origin, sender.tab?.id ?? -1, data);
  await new Promise((resolve) => setTimeout(resolve, control.delayMs));
  return answer;
});
