import { onMessage, sendMessage } from "../utils/messages";
import { createDelivery } from "./deliver";
import { createIntake } from "./intake";
import { MAX_URL_CHARS } from "./limits";
import { pageRules, RULES_NAME, type AgentRules } from "./rules";
import { awaitPort, STOP } from "./seal";
import { watchSilence } from "./silence";

/** Where the script that runs on this page keeps its end, in its own world: a second injection ends the first, and the background can ask. */
const RUNNING = Symbol.for("opensync-companion:capture");

const RULES = Symbol.for(RULES_NAME);

type Scope = typeof globalThis & {
  [RUNNING]?: () => void;
  /** By agent; put there by the files of rules, which come before this script. */
  [RULES]?: Record<string, AgentRules>;
  /** Gone from a script whose extension was updated or removed. */
  chrome?: { runtime?: { id?: string } };
};

/** 128 random bits; `randomUUID` is missing on plain-http pages. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join(
    "-",
  );
}

function pageUrl(): string {
  return location.href.length > MAX_URL_CHARS
    ? location.origin + location.pathname.slice(0, 1_000)
    : location.href;
}

/**
 * The extension's side of capture on a page: takes whole bodies from the tap, and brings them to the background. Adds nothing and
 * decides nothing. Ends for good when the background says so or when the extension is gone.
 */
export function installCapture(): void {
  const scope = globalThis as Scope;
  if (window.top !== window || document.contentType !== "text/html") return;
  scope[RUNNING]?.();
  let port: MessagePort | null = null;
  const agents = Object.values(scope[RULES] ?? {});

  const delivery = createDelivery({
    send: (chunk) => sendMessage("observe", chunk),
    isAlive: () => scope.chrome?.runtime?.id !== undefined,
    onStop: end,
    newId,
    pageUrl,
  });

  const silence = watchSilence({
    selectors: agents.flatMap(({ shows }) => shows ?? []),
    // A worker that cannot be reached now hears of it at the page's next load.
    report: () => void sendMessage("reportSilence").catch(() => undefined),
  });

  const rules = pageRules(agents);
  const intake = createIntake({
    rules,
    hand(handed) {
      silence.seen();
      delivery.add(handed);
    },
    post(ask) {
      port?.postMessage(ask);
      return port !== null;
    },
    cookies: () => document.cookie,
    origin: location.origin,
    now: Date.now,
  });

  function onPort(taken: MessagePort): void {
    port = taken;
    taken.onmessage = (event) => intake.add(event.data);
  }

  const stopWaiting = awaitPort(JSON.stringify(rules), onPort);

  const stopAnswering = onMessage("askPage", ({ data, sender }) => {
    // Only the background is neither a page nor a tab.
    const isBackground = sender.id === scope.chrome?.runtime?.id && sender.tab === undefined;
    return isBackground ? intake.askPage(data) : null;
  });

  function onHide(): void {
    intake.flush();
    delivery.flush();
  }

  function onShow(event: PageTransitionEvent): void {
    if (event.persisted) delivery.resume();
  }

  function end(): void {
    stopWaiting();
    stopAnswering();
    intake.stop();
    silence.stop();
    Reflect.deleteProperty(scope, RUNNING);
    removeEventListener("pagehide", onHide);
    removeEventListener("pageshow", onShow);
    if (!port) return;
    port.postMessage(STOP);
    port.onmessage = null;
    port = null;
  }

  addEventListener("pagehide", onHide);
  addEventListener("pageshow", onShow);
  scope[RUNNING] = delivery.stop;
}
