/** What the popup shows of the tab in front. */
import type { PageStatus } from "../utils/messages";
import type { SyncDatabase } from "./database";
import { countSession } from "./ledger";

/** What of a tab is looked at. */
export interface PageTab {
  id?: number;
  /** Only where the extension may read the page. */
  url?: string;
}

/** What the page status needs from outside. */
export interface PageStatusDeps {
  getDatabase(): Promise<SyncDatabase>;
  getPerson(): Promise<string | null>;
  getDeployment(): Promise<string>;
  getTab(): Promise<PageTab | undefined>;
  /** Whose page an address is, and which session it shows. */
  pageOf(
    address: string,
    person: string | null,
  ): Promise<{ agent: { id: string; name: string }; isOn: boolean; session: string | null } | null>;
  hasPermission(address: string): Promise<boolean>;
  /** Whether the content script runs in the tab. */
  isRunning(tabId: number): Promise<boolean>;
  /** The person for whom capture is on, or null: a script that ended is no reason to reload then. */
  getActive(): Promise<string | null>;
}

const NO_AGENT: PageStatus = { agent: null, state: "no-agent", session: null };

async function readSession(
  deps: PageStatusDeps,
  owner: string,
  agent: string,
  session: string,
): Promise<PageStatus["session"]> {
  const database = await deps.getDatabase();
  const header = await database.get("headers", [owner, agent, session]);
  if (!header) return null;
  const id = { owner, agent, session };
  const counts = await countSession(database, await deps.getDeployment(), id);
  return { key: session, title: header.header.title ?? null, ...counts };
}

async function readState(
  deps: PageStatusDeps,
  tab: PageTab,
  isOn: boolean,
): Promise<PageStatus["state"]> {
  if (!isOn) return "off";
  if (!(await deps.hasPermission(tab.url!))) return "no-permission";
  if ((await deps.getActive()) === null) return "on";
  // A tab into which nothing can be put shows the browser's own error page.
  const isRunning = await deps.isRunning(tab.id!).catch(() => false);
  return isRunning ? "on" : "reload-needed";
}

/** The status of the tab in front. */
export async function readPage(deps: PageStatusDeps): Promise<PageStatus> {
  const tab = await deps.getTab();
  if (tab?.id === undefined || !tab.url) return NO_AGENT;
  const person = await deps.getPerson();
  const page = await deps.pageOf(tab.url, person);
  if (!page) return NO_AGENT;
  const state = await readState(deps, tab, page.isOn);
  const session =
    person === null || page.session === null
      ? null
      : await readSession(deps, person, page.agent.id, page.session);
  return { agent: page.agent, state, session };
}
