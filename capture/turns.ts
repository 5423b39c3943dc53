/**
 * Watches events that only say that a turn runs or ended, and asks for the session: once per ended turn, once for a turn that runs longer
 * than ten seconds, and for a change between turns. Answers to these requests are read like the page's own; nothing else comes of them.
 */
import type { Stream } from "../agents/agent";
import { PARTIAL_MS } from "./limits";
import type { PageRule } from "./rules";

/** Several events end one turn within milliseconds; they are one reason to ask. */
const SETTLE_MS = 100;
/** A header also changes when a turn begins, which says so a moment later. */
const CHANGED_MS = 1_000;
/** Time between two asks for changes: if asking itself made a change, it would still not become a loop. */
const CHANGED_PAUSE_MS = 30_000;

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
  let partial: ReturnType<typeof setTimeout> | undefined;

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
    setTimeout(() => void askNow(), SETTLE_MS);
  }

  function changed(): void {
    isChanged = !isRunning;
    if (isHeld || !isChanged) return;
    isHeld = true;
    setTimeout(() => {
      if (isChanged && !isRunning) plan();
      isChanged = false;
    }, CHANGED_MS);
    setTimeout(() => {
      isHeld = false;
      if (isChanged) changed();
    }, CHANGED_PAUSE_MS);
  }

  return {
    settled() {
      isRunning = false;
      clearTimeout(partial);
      plan();
    },
    running() {
      if (isRunning) return;
      isRunning = true;
      partial = setTimeout(plan, PARTIAL_MS);
    },
    changed,
  };
}

/** Watches the streams of one page. */
export interface Turns {
  /** What takes the events of one stream; `line` is that of its request, which the expressions see before each event. */
  watch(rule: PageRule & { stream: Stream }, line: string): (event: string) => void;
}

/** The path with the groups of a match. */
function fill(path: string, found: RegExpExecArray): string {
  return path.replace(/\$(\d)/g, (_, group: number) => encodeURIComponent(found[group] ?? ""));
}

/** One for the script's life: a turn that one stream saw begin may be seen to end by another. */
export function createTurns(ask: (agent: string, path: string) => Promise<boolean>): Turns {
  const turns = new Map<string, Turn>();
  /** By rule: a page that opens its stream anew goes on with the turns of before. */
  const runningOf = new Map<PageRule, Set<Turn>>();

  async function askAll(agent: string, paths: string[], found: RegExpExecArray): Promise<boolean> {
    let isCut = false;
    for (const path of paths) isCut = (await ask(agent, fill(path, found))) || isCut;
    return isCut;
  }

  function turnOf({ agent, stream }: PageRule & { stream: Stream }, found: RegExpExecArray): Turn {
    const key = [agent, ...found.slice(1)].join(" ");
    const turn =
      turns.get(key) ??
      createTurn(async () => {
        if (await askAll(agent, stream.ask, found))
          await askAll(agent, stream.askLess ?? [], found);
      });
    turns.set(key, turn);
    return turn;
  }

  function watch(rule: PageRule & { stream: Stream }, line: string): (event: string) => void {
    const { stream } = rule;
    // "$^" matches no event.
    const kinds = (["settled", "running", "changed"] as const).map(
      (kind) => [kind, new RegExp(stream[kind] ?? "$^")] as const,
    );
    const running = runningOf.get(rule) ?? new Set<Turn>();
    runningOf.set(rule, running);

    function tell(kind: "settled" | "running" | "changed", found: RegExpExecArray): void {
      if (kind === "settled" && found.length === 1) {
        for (const turn of running) turn.settled();
        running.clear();
        return;
      }
      const turn = turnOf(rule, found);
      if (kind === "running") running.add(turn);
      if (kind === "settled") running.delete(turn);
      turn[kind]();
    }

    return (event) => {
      for (const [kind, expression] of kinds) {
        const found = expression.exec(line + event);
        if (found) return tell(kind, found);
      }
    };
  }

  return { watch };
}
