/** How an agent's site has changed, as a value, and what each event makes of it. */
import type { AgentDrift, DriftProblem } from "../utils/storage";

export type DriftKind = DriftProblem["kind"];

/** What was seen of a change. */
export interface Sign {
  kind: DriftKind;
  tap: string;
  kinds?: readonly string[];
}

/** When and by what it was seen. */
export interface Seen {
  now: number;
  version: string;
}

/** Nothing has changed. */
export const NO_DRIFT: AgentDrift = { problems: [], dismissedKinds: [], kept: 0 };

const MAX_KINDS = 12;

/** Adds a sign; one that is there already keeps its time. */
export function withSign(drift: AgentDrift, sign: Sign, seen: Seen): AgentDrift {
  const { kind, tap, kinds = [] } = sign;
  const isSame = (one: DriftProblem) => one.kind === kind && one.tap === tap;
  const before = drift.problems.find(isSame);
  const all = [...new Set([...(before?.kinds ?? []), ...kinds])].slice(0, MAX_KINDS);
  const isKnown = before?.version === seen.version && all.length === before.kinds.length;
  if (isKnown) return drift;
  const next: DriftProblem = {
    ...{ kind, tap, kinds: all },
    since: before?.since ?? seen.now,
    version: seen.version,
  };
  return { ...drift, problems: [...drift.problems.filter((one) => !isSame(one)), next] };
}

function without(drift: AgentDrift, isOver: (problem: DriftProblem) => boolean): AgentDrift {
  if (!drift.problems.some(isOver)) return drift;
  return { ...drift, problems: drift.problems.filter((one) => !isOver(one)) };
}

/** A tap was read again. What it sends that is unknown stays unknown. */
export function withTapRead(drift: AgentDrift, tap: string): AgentDrift {
  return without(drift, (one) => one.kind !== "unknown-part" && one.tap === tap);
}

/** The page's traffic was read: it is not silent. */
export function withTraffic(drift: AgentDrift): AgentDrift {
  return without(drift, ({ kind }) => kind === "silent");
}

/** Another version runs: it may know what was unknown, and what is read without a tap of its own (a list of sessions). */
export function withVersion(
  drift: AgentDrift,
  version: string,
  taps: readonly string[],
): AgentDrift {
  const isRetried = ({ kind, tap }: DriftProblem) => kind !== "unknown-part" && taps.includes(tap);
  return without(drift, (one) => one.version !== version && !isRetried(one));
}

/** The person has seen it, and wants to hear no more of these. */
export function withDismissal(drift: AgentDrift): AgentDrift {
  const kinds = drift.problems.flatMap((problem) => problem.kinds);
  return {
    problems: [],
    dismissedKinds: [...new Set([...drift.dismissedKinds, ...kinds])],
    kept: 0,
  };
}

/** Those of the kinds that are news. */
export function newKinds(drift: AgentDrift, kinds: readonly string[]): string[] {
  const known = new Set([
    ...drift.dismissedKinds,
    ...drift.problems.flatMap((problem) => problem.kinds),
  ]);
  return kinds.filter((kind) => !known.has(kind));
}
