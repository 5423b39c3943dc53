/**
 * Brings observations from a page to the background, one after the other. The guarantee: an observation is kept until the background says
 * that everything new in it is stored; a worker that died in between is asked again while the page lives. Nothing here keeps the worker
 * awake: no port, no timer while nothing waits.
 */
import type { ObservationAck, ObservationChunk } from "../utils/messages";

/** One observation, cut into texts that fit into one hop each. */
export interface Handed {
  /** Every tap that saw it, as `<agent>/<tap>`, with spaces between. */
  tap: string;
  url: string;
  method: string;
  status: number;
  isTruncated: boolean;
  /** So many UTF-16 units at the beginning are the request's body. */
  request: number;
  texts: string[];
  chars: number;
}

export interface DeliveryDeps {
  /** Sends one chunk; rejects, or answers something else than an acknowledgement, when the worker died. */
  send(chunk: ObservationChunk): Promise<ObservationAck | undefined>;
  /** Whether the extension that put this script here is still there. */
  isAlive(): boolean;
  /** Called once, when capture must end on this page. */
  onStop(): void;
  /** A random id. */
  newId(): string;
  /** The page's address now. */
  pageUrl(): string;
}

export interface Delivery {
  add(handed: Handed): void;
  /** Sends at once what waits for another try: the page may be about to go. */
  flush(): void;
  /** Asks again at once: a page that was frozen gets no answer to what it had asked before. */
  resume(): void;
  stop(): void;
}

/** UTF-16 units that wait at most; beyond, new ones are not taken: the site still has them and gives them at the next read. */
const MAX_WAITING_CHARS = 48 * 1024 * 1024;

/** The worker may be busy storing; one that died never answers. */
const ANSWER_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

interface Item {
  id: string;
  chunks: ObservationChunk[];
  chars: number;
  /** What a later read of the same address makes needless; null for what each stands for itself. */
  address: string | null;
}

function chunksOf(id: string, handed: Handed, pageUrl: string): ObservationChunk[] {
  const { tap, url, method, status, isTruncated, request, texts } = handed;
  const head = { tap, url, method, status, isTruncated, request, pageUrl };
  return texts.map((text, index) => ({
    id,
    index,
    isLast: index === texts.length - 1,
    text,
    ...(index === 0 ? { head } : {}),
  }));
}

/** One delivery for the script's life. */
export function createDelivery(deps: DeliveryDeps): Delivery {
  let waiting: Item[] = [];
  let isRunning = false;
  let isStopped = false;
  let wake: () => void = () => undefined;
  let giveUpAnswer: () => void = () => undefined;

  function stop(): void {
    if (isStopped) return;
    isStopped = true;
    waiting = [];
    wake();
    deps.onStop();
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function ask(chunk: ObservationChunk): Promise<ObservationAck | undefined> {
    if (!deps.isAlive()) {
      stop();
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      giveUpAnswer = () => resolve(undefined);
      timer = setTimeout(giveUpAnswer, ANSWER_MS);
    });
    // A rejection is the worker's death, or the extension's end, which `isAlive` tells.
    const answer = await Promise.race([deps.send(chunk).catch(() => undefined), late]);
    clearTimeout(timer);
    if (answer?.mustStop === true || !deps.isAlive()) stop();
    return answer;
  }

  /** Answers whether the observation is stored. A chunk without an answer means that what came before is lost too. */
  async function deliver(item: Item): Promise<boolean> {
    for (const chunk of item.chunks) {
      const answer = await ask(chunk);
      if (!answer || isStopped) return false;
      if (chunk.isLast) return answer.isStored === true;
    }
    return false;
  }

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    let pauseMs = FIRST_PAUSE_MS;
    while (waiting.length > 0 && !isStopped) {
      const item = waiting[0]!;
      if (await deliver(item)) {
        waiting = waiting.filter((other) => other !== item);
        pauseMs = FIRST_PAUSE_MS;
      } else if (!isStopped) {
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    isRunning = false;
  }

  function add(handed: Handed): void {
    if (isStopped) return;
    if (!deps.isAlive()) return stop();
    const address =
      handed.status > 0 && handed.method === "GET" ? `${handed.tap} ${handed.url}` : null;
    // The one at the front is on its way already.
    waiting = waiting.filter(
      (item, at) => at === 0 || address === null || item.address !== address,
    );
    const chars = waiting.reduce((sum, item) => sum + item.chars, handed.chars);
    if (chars > MAX_WAITING_CHARS) return;
    const id = deps.newId();
    waiting.push({
      id,
      chunks: chunksOf(id, handed, deps.pageUrl()),
      chars: handed.chars,
      address,
    });
    void run();
  }

  function flush(): void {
    wake();
    // Without waiting for answers, which a page that goes does not get. What arrives twice is stored once.
    const [first, ...others] = waiting;
    const unsent = first && first.chunks.length > 1 ? waiting : others;
    for (const item of unsent) for (const chunk of item.chunks) void ask(chunk);
  }

  function resume(): void {
    giveUpAnswer();
    wake();
  }

  return { add, flush, resume, stop };
}
