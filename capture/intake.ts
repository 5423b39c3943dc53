/**
 * What becomes of the tap's bodies on a page: those that taps name are observations, those of streams tell of turns, and answers go to who
 * asked. Reads nothing of them but the events that the agents' rules name.
 */
import type { PageAnswer, PageAsk } from "../utils/messages";
import { createAsks, type Sent } from "./asks";
import { chooseRules, rulesAt } from "./choose";
import type { Handed } from "./deliver";
import { requestLine, splitEvents } from "./events";
import { createFrames } from "./frames";
import { MAX_BODY_BYTES } from "./limits";
import { joinPieces, type Body, type Follower } from "./pieces";
import type { PageRule } from "./rules";
import type { Ask, Head } from "./seal";
import { inPieces, startOf, withoutStart } from "./texts";
import { createTurns } from "./turns";

/** What the intake needs from outside. */
export interface IntakeDeps {
  /** The rules that the tap has, in their order. */
  rules: readonly PageRule[];
  /** Takes an observation. */
  hand(handed: Handed): void;
  /** Hands an ask to the tap; false when there is none. */
  post(ask: Ask): boolean;
  cookies(): string;
  origin: string;
  now(): number;
}

export interface Intake {
  /** Takes what comes over the port, unchecked. */
  add(piece: unknown): void;
  askPage(ask: PageAsk): Promise<PageAnswer | null>;
  /** Hands over what has come of everything: the page may be about to go. */
  flush(): void;
  stop(): void;
}

type StreamRule = PageRule & { stream: NonNullable<PageRule["stream"]> };

function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

/** A cap in bytes that a body was cut at, seen in UTF-16 units: a unit has at most three bytes. */
function isCapped({ isTruncated, chars }: Body): boolean {
  return isTruncated && chars >= MAX_BODY_BYTES / 3 - 1;
}

/** One for the script's life. */
export function createIntake(deps: IntakeDeps): Intake {
  const sent = new Map<string, Sent>();
  const asks = createAsks({ ...deps, lastOf: (tap) => sent.get(tap) });
  const watchers = new Map<string, (event: string) => void>();
  const turns = createTurns(askFor);
  const frames = createFrames((rule, url, text, isTruncated) => {
    const texts = inPieces(text);
    const head = { url, method: "GET", status: 0, request: 0 };
    deps.hand({ ...head, tap: rule.tap!, isTruncated, texts, chars: text.length });
  });
  const joiner = joinPieces({ follow, take });

  function rulesOf({ rules }: Head): PageRule[] {
    return rules.flatMap((at) => deps.rules[at] ?? []);
  }

  function handOver({ head, texts, chars, isTruncated }: Body, rules: PageRule[]): void {
    const { url, method, status, request } = head;
    const body = startOf(texts, request);
    const ofTaps = rules.filter((rule) => rule.tap !== undefined);
    const taps = chooseRules(ofTaps, body);
    if (taps.length === 0 || chars <= request) return;
    if (head.ask === undefined) for (const { tap } of taps) sent.set(tap!, { url, method, body });
    const isAsked = taps.some((rule) => rule.request !== undefined);
    deps.hand({
      ...{ tap: taps.map(({ tap }) => tap).join(" "), url, method, status, isTruncated },
      ...(isAsked
        ? { request, texts, chars }
        : { request: 0, texts: withoutStart(texts, request), chars: chars - request }),
    });
  }

  /** Asks what a turn's end asks for; answers whether the answer was longer than the cap. */
  async function askFor(agent: string, path: string): Promise<boolean> {
    const body = await asks.get(agent, path);
    if (!body || !isOk(body.head.status)) return false;
    handOver(body, rulesAt(deps.rules, body.head.method, body.head.url));
    return isCapped(body);
  }

  function streamsOf(head: Head): StreamRule[] {
    const isStream = (rule: PageRule): rule is StreamRule => rule.stream !== undefined;
    return rulesOf(head).filter(isStream);
  }

  function follow(head: Head): Follower | null {
    const streams = streamsOf(head);
    if (streams.length === 0 || head.socket !== undefined || head.ask !== undefined) return null;
    const line = requestLine(head.method, head.url);
    const split = streams.map((rule) =>
      splitEvents(turns.watch(rule, line), rule.stream.separator),
    );
    let left = head.request;
    return {
      add(text) {
        for (const splitter of split) splitter.add(text.slice(left));
        left = Math.max(0, left - text.length);
      },
      // What was cut off is no event.
      end: (isTruncated) => {
        if (!isTruncated) for (const splitter of split) splitter.end();
      },
      isAlone: rulesOf(head).every(({ tap }) => tap === undefined),
    };
  }

  function takeFrame({ head, texts }: Body, socket: number): void {
    const frame = texts.join("");
    for (const rule of streamsOf(head)) {
      const key = `${socket} ${rule.agent} ${rule.path}`;
      const watch = watchers.get(key) ?? turns.watch(rule, requestLine(head.method, head.url));
      watchers.set(key, watch);
      watch(frame);
    }
    for (const rule of rulesOf(head)) if (rule.tap) frames.add(rule, socket, head.url, frame);
  }

  function take(body: Body, isLast: boolean): void {
    const { ask, socket } = body.head;
    if (ask !== undefined) {
      if (isLast) asks.answer(body);
    } else if (socket !== undefined) {
      if (isLast) takeFrame(body, socket);
    } else handOver(body, rulesOf(body.head));
  }

  return {
    add: joiner.add,
    askPage: asks.page,
    flush() {
      joiner.flush();
      frames.flush();
    },
    stop() {
      joiner.stop();
      frames.stop();
    },
  };
}
