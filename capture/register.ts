/**
 * Keeps the two content scripts registered on exactly the pages that the person chose: the ISOLATED one first, so that it listens before
 * the MAIN one hands over its port, both before the page's first script. Nothing of it is in the manifest.
 */
import type { Browser } from "webextension-polyfill";

/** The browser's APIs that are used, so that tests can give others. */
export interface RegistrationDeps {
  scripting: Pick<
    Browser["scripting"],
    | "registerContentScripts"
    | "unregisterContentScripts"
    | "getRegisteredContentScripts"
    | "executeScript"
  >;
  permissions: Pick<Browser["permissions"], "contains">;
  tabs: Pick<Browser["tabs"], "query">;
  /** Firefox knows no ports in match patterns: there a pattern covers every port, and the gate refuses the others. */
  hasPortsInPatterns: boolean;
}

export interface Registration {
  /**
   * Makes the registered patterns exactly these, as far as the browser permits them, and answers those that it does not. Call it at
   * every worker start and on every change: it does nothing when nothing changed.
   */
  apply(patterns: readonly string[]): Promise<{ missing: string[] }>;
  /**
   * Puts the scripts into tabs that are already open, and answers into how many. The page's scripts run there already, so that bridge is not
   * sealed: they could watch its hand-over, and still only submit data for their own origin.
   */
  inject(patterns: readonly string[]): Promise<number>;
}

const SCRIPTS = [
  { id: "capture", file: "capture.js", world: "ISOLATED" },
  { id: "tap", file: "tap.js", world: "MAIN" },
] as const;

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return JSON.stringify([...(a ?? [])].sort()) === JSON.stringify([...b].sort());
}

/** The one owner of the content scripts' registration; its calls run one after the other. */
export function createRegistration(deps: RegistrationDeps): Registration {
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work, work);
    last = next.catch(() => undefined); // The caller sees the failure; the next call starts afresh.
    return next;
  }

  function asPattern(pattern: string): string {
    return deps.hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");
  }

  async function permitted(patterns: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      patterns.map((pattern) => deps.permissions.contains({ origins: [asPattern(pattern)] })),
    );
    return patterns.filter((_, index) => answers[index]);
  }

  async function register(matches: string[]): Promise<void> {
    const ids = SCRIPTS.map((script) => script.id);
    const registered = await deps.scripting.getRegisteredContentScripts();
    const isCurrent =
      matches.length === 0
        ? registered.length === 0
        : registered.length === ids.length && registered.every((s) => isSame(s.matches, matches));
    if (isCurrent) return;
    // Both anew, and not updated: their order is the order of registration.
    if (registered.length > 0) {
      await deps.scripting.unregisterContentScripts({ ids: registered.map((script) => script.id) });
    }
    if (matches.length === 0) return;
    await deps.scripting.registerContentScripts(
      SCRIPTS.map(({ id, file, world }) => ({
        id,
        js: [file],
        matches,
        world,
        runAt: "document_start",
        allFrames: false,
        persistAcrossSessions: true,
      })),
    );
  }

  async function injectTab(tabId: number): Promise<boolean> {
    try {
      for (const { file, world } of SCRIPTS) {
        await deps.scripting.executeScript({
          target: { tabId },
          files: [`/${file}`],
          world,
          injectImmediately: true,
        });
      }
      return true;
    } catch {
      // The tab was closed, discarded or is the browser's own error page: the registered scripts serve its next load.
      return false;
    }
  }

  return {
    apply: (patterns) =>
      inTurn(async () => {
        const allowed = await permitted(patterns);
        await register([...new Set(allowed.map(asPattern))].sort());
        return { missing: patterns.filter((pattern) => !allowed.includes(pattern)) };
      }),
    inject: (patterns) =>
      inTurn(async () => {
        const url = [...new Set((await permitted(patterns)).map(asPattern))];
        if (url.length === 0) return 0;
        const tabs = await deps.tabs.query({ url });
        const ids = tabs.flatMap((tab) => (tab.id === undefined || tab.discarded ? [] : [tab.id]));
        const done = await Promise.all(ids.map(injectTab));
        return done.filter(Boolean).length;
      }),
  };
}
