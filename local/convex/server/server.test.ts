import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startConvex } from "./server.ts";
import { eventually, files, Fixture, notes } from "./testing.ts";

let fixture: Fixture;
const http = () => new ConvexHttpClient(fixture.convex.url, { logger: false });

beforeAll(async () => {
  fixture = await Fixture.pushed();
}, 120_000);
afterAll(() => fixture.close());

async function emptyFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "opensync-convex-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("a restart", () => {
  it("keeps data, files, environment, code, admin key and URLs, and live clients go on", async () => {
    const client = new ConvexClient(fixture.convex.url, { logger: false });
    const seen: string[][] = [];
    client.onUpdate(
      notes.list,
      { room: "restart" },
      (value) => seen.push(value as string[]),
      (error) => expect.unreachable(error.message),
    );
    await client.mutation(notes.add, { room: "restart", text: "before", order: 1 });
    const uploadUrl = (await http().mutation(files.uploadUrl, {})) as string;
    const upload = await fetch(uploadUrl, { method: "POST", body: "a file" });
    const { storageId } = (await upload.json()) as { storageId: string };
    const fileUrl = (await http().query(files.url, { id: storageId })) as string;
    const { url, siteUrl, adminKey } = fixture.convex;

    await fixture.convex.close();
    await fixture.start();

    expect(fixture.convex).toMatchObject({ url, siteUrl, adminKey });
    expect(await http().query(notes.list, { room: "restart" })).toEqual(["before"]);
    expect(await (await fetch(fileUrl)).text()).toBe("a file");
    const asAda = http();
    asAda.setAuth(await fixture.token("ada"));
    expect(await asAda.query(notes.whoAmI, {})).toMatchObject({ subject: "ada" });
    await client.mutation(notes.add, { room: "restart", text: "after", order: 2 });
    expect(seen.at(-1)).toEqual(["before", "after"]);
    await client.close();
  });

  it("keeps the admin key from other users of the machine", async () => {
    const file = join(fixture.dataDir, "admin-key");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toBe(fixture.convex.adminKey);
    expect(fixture.convex.adminKey).toMatch(/^opensync-companion\|[0-9a-f]{64}$/);
  });

  it("takes a free port when last time's is taken, and fails when a given one is", async () => {
    const { url } = fixture.convex;
    const port = Number(new URL(url).port);
    await fixture.convex.close();
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    try {
      const inUse = startConvex({ dataDir: fixture.dataDir, port });
      await expect(inUse).rejects.toThrow(new RegExp(`port ${port} is in use`));
      await fixture.start();
      expect(fixture.convex.url).not.toBe(url);
      expect(await http().query(notes.list, { room: "none" })).toEqual([]);
    } finally {
      other.close();
    }
  });
});

describe("a data folder", () => {
  it("is refused while another backend of this process has it", async () => {
    const second = startConvex({ dataDir: fixture.dataDir });
    await expect(second).rejects.toThrow(/in use by .*Convex.*process \d+/);
    expect(await http().query(notes.list, { room: "none" })).toEqual([]);
  });

  it("is refused while another process has it, and free when that process is killed", async () => {
    await emptyFolder(async (folder) => {
      const server = fileURLToPath(new URL("./server.ts", import.meta.url));
      const script = `
        const { startConvex } = await import(${JSON.stringify(server)});
        await startConvex({ dataDir: ${JSON.stringify(folder)} });
        console.log("started");
      `;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
      await once(child.stdout, "data");
      await expect(startConvex({ dataDir: folder })).rejects.toThrow(`process ${child.pid}`);
      child.kill("SIGKILL");
      await once(child, "exit");
      const convex = await startConvex({ dataDir: folder });
      await convex.close();
    });
  });

  it("may be given an admin key", async () => {
    await emptyFolder(async (folder) => {
      const convex = await startConvex({ dataDir: folder, adminKey: "given" });
      expect(convex.adminKey).toBe("given");
      await convex.close();
    });
  });
});

describe("allowed origins", () => {
  it("keep pages of other origins out when they are named", async () => {
    await emptyFolder(async (folder) => {
      const own = "chrome-extension://own";
      const convex = await startConvex({ dataDir: folder, allowedOrigins: [own] });
      const status = async (headers: Record<string, string>) =>
        (await fetch(`${convex.url}/version`, { headers })).status;
      expect(await status({ Origin: own })).toBe(200);
      expect(await status({})).toBe(200);
      expect(await status({ Origin: "https://evil.example" })).toBe(403);
      await convex.close();
    });
  });
});

describe("an issuer that does not answer", () => {
  it("is told apart from a bad token, so that nobody is signed out", async () => {
    const issuer = "http://localhost:9";
    await fixture.convex.close();
    await fixture.start({ devProviders: [{ issuer, jwks: `${issuer}/jwks` }] });
    const value = await fixture.token("ada", 60, issuer);
    const body = { path: "notes:whoAmI", args: {} };
    const answer = await fixture.call("query", body, { Authorization: `Bearer ${value}` });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "AuthKeysUnreachable" });
    const socket = await fixture.socket();
    socket.connect("keys");
    await socket.next();
    socket.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    await socket.closed;
    expect(socket.frames.map(({ type }) => type)).toEqual(["Transition"]);
  });
});

describe("a function that never ends", () => {
  it("is stopped by the engine when it is a mutation, and the next call runs", async () => {
    await expect(http().mutation(notes.hang, { room: "hung" })).rejects.toThrow(/endless loop/);
    expect(await http().query(notes.list, { room: "hung" })).toEqual([]);
  });

  it("does not end the backend by leaving a promise rejected", async () => {
    await http().action(notes.leaveRejected, {});
    await new Promise((wait) => setTimeout(wait, 50));
    expect(await http().query(notes.list, { room: "none" })).toEqual([]);
  });

  it("is named when it is an action, and the backend is back on the same ports", async () => {
    const reports: string[] = [];
    await fixture.convex.close();
    await fixture.start({ hangAfter: 1500, report: (message) => reports.push(message) });
    const { url, siteUrl } = fixture.convex;
    await http().mutation(notes.add, { room: "hang", text: "kept", order: 1 });
    await expect(http().action(notes.hangAction, {})).rejects.toThrow(/fetch failed/);
    expect(reports).toEqual([
      expect.stringMatching(/The action notes:hangAction ran for 1.5 seconds/),
    ]);
    await eventually(() =>
      http()
        .query(notes.list, { room: "hang" })
        .catch(() => null),
    ).toEqual(["kept"]);
    expect(fixture.convex).toMatchObject({ url, siteUrl });
    expect((await fetch(`${siteUrl}/nowhere`)).status).toBe(404);
  });
});
