/**
 * Watches events that only say that a turn runs or ended, and asks for the session: once per ended turn, once for a turn that runs longer
 * than ten seconds, and for a change between turns. Answers to these requests are read like the page's own; nothing else comes of them.
 */
import type { Stream } from "../../agents/agent";
import type { PageRule } from "../rules";
import { exec, later, unlater } from "./native";

/** Several events end one turn within milliseconds; they are one reason to ask. */
const SETTLE_MS = 100;
/** A header also changes when a turn begins, which says so a moment later. */
const CHANGED_MS = 1_000;
/** Time between two asks for changes: if asking itself made a change, it would still not become a loop. */
const CHANGED_PAUSE_MS = 30_000;
const PARTIAL_MS = 10_000;

/** Asks one path; answers whether the body was longer than the cap. */
export type Ask = (path: string) => Promise<boolean>;

interface Turn {
  settled(): void;
  running(): void;
  changed(): void;
}

/** One session's turns. */
function createTurn(askAll: () => Promise<void>): Turn {
  let isRunning = false;
  let isAsking = false;
  let isDue = false;
  let isChanged = false;
  let isPlanned = false;
  let isHeld = false;
  let partial: ReturnType<typeof later> | undefined;

  async function askNow(): Promise<void> {
    isPlanned = false;
    isDue = isAsking;
    if (isAsking) return;
    isAsking = true;
    await askAll();
    isAsking = false;
    if (isDue) plan();
  }

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    later(() => void askNow(), SETTLE_MS);
  }

  function changed(): void {
    isChanged = !isRunning;
    if (isHeld || !isChanged) return;
    isHeld = true;
    later(() => {
      if (isChanged && !isRunning) plan();
      isChanged = false;
    }, CHANGED_MS);
    later(() => {
      isHeld = false;
      if (isChanged) changed();
    }, CHANGED_PAUSE_MS);
  }

  return {
    settled() {
      isRunning = false;
      unlater(partial);
      plan();
    },
    running() {
      if (isRunning) return;
      isRunning = true;
      partial = later(plan, PARTIAL_MS);
    },
    changed,
  };
}

const turns = new Map<string, Turn>();

/** Watches one stream; the answer takes each event's text. */
export function watchEvents(
  { agent }: PageRule,
  stream: Stream,
  ask: Ask,
): (event: string) => void {
  // "$^" matches no event.
  const kinds = (["settled", "running", "changed"] as const).map(
    (kind) => [kind, new RegExp(stream[kind] ?? "$^")] as const,
  );

  async function askAll(paths: string[], found: RegExpExecArray): Promise<boolean> {
    let isCut = false;
    for (const path of paths) {
      const filled = path.replace(/\$(\d)/g, (_, group: number) =>
        encodeURIComponent(found[group] ?? ""),
      );
      isCut = (await ask(filled)) || isCut;
    }
    return isCut;
  }

  function turnOf(found: RegExpExecArray): Turn {
    const key = [agent, ...found.slice(1)].join(" ");
    const turn =
      turns.get(key) ??
      createTurn(async () => {
        if (await askAll(stream.ask, found)) await askAll(stream.askLess ?? [], found);
      });
    turns.set(key, turn);
    return turn;
  }

  return (event) => {
    for (const [kind, rule] of kinds) {
      const found = exec(rule, event);
      if (found) return turnOf(found)[kind]();
    }
  };
}
