/** Which agents a person has switched on. */
import { type AgentSwitch, agentSwitches } from "../utils/storage";

/** One person's switches, by agent id. */
export type Switches = Record<string, AgentSwitch>;

let turn: Promise<unknown> = Promise.resolve();

/** This person's switches; none when nobody is signed in. */
export async function readSwitches(person: string | null): Promise<Switches> {
  return person === null ? {} : ((await agentSwitches.getValue())[person] ?? {});
}

/** Ids of the agents that are on. */
export function enabledIds(switches: Switches): string[] {
  return Object.keys(switches).filter((id) => switches[id]?.isEnabled);
}

/** Sets one switch of a person. */
export function writeSwitch(person: string, agentId: string, next: AgentSwitch): Promise<void> {
  // Reading and writing back must not cross with another change.
  const result = turn.then(async () => {
    const all = await agentSwitches.getValue();
    await agentSwitches.setValue({ ...all, [person]: { ...all[person], [agentId]: next } });
  });
  turn = result.catch(() => undefined);
  return result;
}

/** Whether a page may name it for a self-hosted agent: an exact http(s) origin and nothing more. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}
