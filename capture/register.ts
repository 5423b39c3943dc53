/**
 * Keeps the content scripts registered on exactly the pages that the person chose: of the two that copy traffic the ISOLATED one first, so
 * that it listens before the MAIN one hands over its port, both before the page's first script; the reader of pages' elements only where an
 * agent has no other way. Nothing of it is in the manifest.
 */
import type { Browser, Scripting } from "webextension-polyfill";
import { rulesPath as pageRulesPath } from "./dom/names";
import { rulesPath } from "./rules";

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

/** Where one agent's pages are. */
export interface AgentPages {
  agentId: string;
  patterns: readonly string[];
}

/** What is wanted on which pages, as match patterns. */
export interface Placing {
  /** The traffic is copied. */
  traffic: readonly AgentPages[];
  /** The elements are read. */
  readers: readonly AgentPages[];
}

export interface Registration {
  /**
   * Makes the registered patterns exactly these, as far as the browser permits them, and answers those that it does not. Call it at
   * every worker start and on every change: it does nothing when nothing changed.
   */
  apply(wanted: Placing): Promise<{ missing: string[] }>;
  /** What is registered, as the browser has it. */
  registered(): Promise<Placing>;
  /**
   * Puts the scripts into tabs that are already open, and answers how often. The page's scripts run there already, so that bridge is not
   * sealed: they could watch its hand-over, and still only submit data for their own origin.
   */
  inject(wanted: Placing): Promise<number>;
  /** Lets the elements of the page in one tab be read; answers whether that could be done. */
  injectReader(tabId: number, agentId: string): Promise<boolean>;
}

interface Script {
  id: string;
  files: string[];
  world: "ISOLATED" | "MAIN";
  runAt: "document_start" | "document_idle";
}

const SCRIPTS: readonly Script[] = [
  { id: "capture", files: ["capture.js"], world: "ISOLATED", runAt: "document_start" },
  { id: "tap", files: ["tap.js"], world: "MAIN", runAt: "document_start" },
];

/** Chrome runs the scripts of a moment by the order of their ids, Firefox by that of their registration: this one comes before `capture` in both. */
const RULES = "agent-";
const READER = "reader-";

/** The rules of one agent: what capture takes of the traffic. */
function rulesScript(agentId: string): Script {
  const files = [rulesPath(agentId)];
  return { id: RULES + agentId, files, world: "ISOLATED", runAt: "document_start" };
}

/** The reader of pages' elements, behind the rules of the one agent. */
function readerScript(agentId: string): Script {
  const files = [pageRulesPath(agentId), "dom.js"];
  return { id: READER + agentId, files, world: "ISOLATED", runAt: "document_idle" };
}

type Registered = Scripting.RegisteredContentScript;

function isSame(a: readonly Registered[], b: readonly Registered[]): boolean {
  const comparable = (scripts: readonly Registered[]) =>
    JSON.stringify(scripts.map(({ id, matches }) => [id, [...(matches ?? [])].sort()]).sort());
  return comparable(a) === comparable(b);
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

  /** Each script with the patterns that are wanted and permitted for it; none without any. */
  async function placed({ traffic, readers }: Placing) {
    const patterns = traffic.flatMap((pages) => pages.patterns);
    const wanted = [
      ...traffic.map((pages) => ({ ...pages, script: rulesScript(pages.agentId) })),
      ...SCRIPTS.map((script) => ({ script, patterns })),
      ...readers.map((reader) => ({ ...reader, script: readerScript(reader.agentId) })),
    ];
    const allowed = await permitted([...new Set(wanted.flatMap((one) => one.patterns))]);
    const scripts = wanted.map(({ script, patterns: own }) => {
      const matches = own.filter((pattern) => allowed.includes(pattern)).map(asPattern);
      return { script, matches: [...new Set(matches)].sort() };
    });
    return { allowed, scripts: scripts.filter(({ matches }) => matches.length > 0) };
  }

  async function register(scripts: { script: Script; matches: string[] }[]): Promise<void> {
    const wanted = scripts.map(({ script: { id, files, world, runAt }, matches }) => {
      const fixed = { allFrames: false, persistAcrossSessions: true };
      return { id, js: files, matches, world, runAt, ...fixed } satisfies Registered;
    });
    const before = await deps.scripting.getRegisteredContentScripts();
    if (isSame(before, wanted)) return;
    // All anew, and not updated: their order is the order of registration.
    if (before.length > 0) {
      await deps.scripting.unregisterContentScripts({ ids: before.map(({ id }) => id) });
    }
    if (wanted.length > 0) await deps.scripting.registerContentScripts(wanted);
  }

  async function put({ files, world }: Script, tabId: number): Promise<void> {
    await deps.scripting.executeScript({
      target: { tabId },
      files: files.map((file) => `/${file}`),
      world,
      injectImmediately: true,
    });
  }

  async function putAll(scripts: readonly Script[], tabId: number): Promise<boolean> {
    try {
      for (const script of scripts) await put(script, tabId);
      return true;
    } catch {
      // The tab was closed, discarded or is the browser's own error page: the registered scripts serve its next load.
      return false;
    }
  }

  async function putInto(url: string[], scripts: readonly Script[]): Promise<number> {
    const tabs = await deps.tabs.query({ url });
    const ids = tabs.flatMap((tab) => (tab.id === undefined || tab.discarded ? [] : [tab.id]));
    const done = await Promise.all(ids.map((id) => putAll(scripts, id)));
    return done.filter(Boolean).length;
  }

  return {
    apply: (wanted) =>
      inTurn(async () => {
        const { allowed, scripts } = await placed(wanted);
        await register(scripts);
        const all = [...wanted.traffic, ...wanted.readers].flatMap(({ patterns }) => patterns);
        return { missing: [...new Set(all)].filter((pattern) => !allowed.includes(pattern)) };
      }),
    async registered() {
      const scripts = await deps.scripting.getRegisteredContentScripts();
      const pagesOf = (kind: string): AgentPages[] =>
        scripts
          .filter(({ id }) => id.startsWith(kind))
          .map(({ id, matches = [] }) => ({ agentId: id.slice(kind.length), patterns: matches }));
      return { traffic: pagesOf(RULES), readers: pagesOf(READER) };
    },
    inject: (wanted) =>
      inTurn(async () => {
        const { scripts } = await placed(wanted);
        let count = 0;
        // In the order of their registration: the rules of all agents come before the pair that takes them.
        for (const { script, matches } of scripts) {
          if (script === SCRIPTS[1]) continue;
          const done = await putInto(matches, script === SCRIPTS[0] ? SCRIPTS : [script]);
          if (!script.id.startsWith(RULES)) count += done;
        }
        return count;
      }),
    injectReader: (tabId, agentId) => inTurn(() => putAll([readerScript(agentId)], tabId)),
  };
}
