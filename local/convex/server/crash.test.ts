import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunningConvex } from "./server.ts";
import { eventually, Fixture, notes } from "./testing.ts";

const SERVER = fileURLToPath(new URL("./server.ts", import.meta.url));
const CLIENTS = 4;
const MUTATIONS = 40;
const KILLS = 3;

let fixture: Fixture;
let child: ChildProcess;

/** Starts the backend in a process of its own, which can be killed. */
async function startProcess(): Promise<RunningConvex> {
  const script = `
    const { startConvex } = await import(${JSON.stringify(SERVER)});
    const { url, siteUrl, adminKey } = await startConvex({ dataDir: ${JSON.stringify(fixture.dataDir)} });
    console.log(JSON.stringify({ url, siteUrl, adminKey }));
  `;
  child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return JSON.parse(line.toString("utf8")) as RunningConvex;
}

async function kill(): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

beforeAll(async () => {
  fixture = await Fixture.pushed();
  await fixture.convex.close();
}, 120_000);
afterAll(async () => {
  await kill();
  await fixture.start();
  await fixture.close();
});

it(
  "runs every mutation of live clients exactly once while the backend is killed",
  { timeout: 180_000 },
  async () => {
    const { url } = await startProcess();
    const clients = Array.from(
      { length: CLIENTS },
      () => new ConvexClient(url, { logger: false, unsavedChangesWarning: false }),
    );
    let done = 0;
    const write = async (client: ConvexClient, name: number) => {
      for (let order = 0; order < MUTATIONS; order++) {
        await client.mutation(notes.add, { room: "crash", text: `${name}-${order}`, order });
        done += 1;
      }
    };
    const writing = Promise.all(clients.map(write));
    for (let killed = 1; killed <= KILLS; killed++) {
      const target = (killed * CLIENTS * MUTATIONS) / (KILLS + 1);
      await eventually(() => done).toBeGreaterThan(target);
      await kill();
      expect((await startProcess()).url).toBe(url);
    }
    await writing;

    const stored = (await new ConvexHttpClient(url).query(notes.list, {
      room: "crash",
    })) as string[];
    const expected = clients.flatMap((_, name) =>
      Array.from({ length: MUTATIONS }, (_, order) => `${name}-${order}`),
    );
    expect(stored.toSorted()).toEqual(expected.toSorted());
    await Promise.all(clients.map((client) => client.close()));
  },
);
