import { createWriteStream, mkdtempSync, openAsBlob, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { strToU8, Zip, ZipDeflate } from "fflate";
import { runnerImport } from "vite";

/** An export of a gigabyte in a ZIP, read from disk: every session is found, and memory does not grow with the file. */
const BYTES = 1024 ** 3;
const MOST_MEMORY = 192 * 1024 ** 2;

interface Read {
  importFiles(files: unknown[], deps: unknown): Promise<void>;
}
interface Registry {
  agents: unknown[];
}

const root = join(import.meta.dirname, "..");
const load = async <T>(path: string): Promise<T> =>
  (await runnerImport<T>(join(root, path), { root, configFile: false, logLevel: "error" })).module;
const { importFiles } = await load<Read>("capture/import/import.ts");
const { agents } = await load<Registry>("agents/index.ts");

const words = "the of harbour tide storm question answer code function return wave light".split(
  " ",
);
let seed = 7;
const word = (): string => words[(seed = (seed * 48271) % 2147483647) % words.length]!;
const text = Array.from({ length: 2_000 }, word).join(" ");

/** A session in the form of ChatGPT's export, with ten messages of about 12 KB. */
function sessionText(index: number): string {
  const mapping: Record<string, unknown> = {};
  for (let at = 0; at < 10; at += 1) {
    const id = `${index}-${at}`;
    const role = at % 2 === 0 ? "user" : "assistant";
    const content = { content_type: "text", parts: [`${word()} ${text.slice(at)}`] };
    const message = { id, author: { role }, create_time: 1.7e9 + at, content, status: "finished" };
    const parent = at === 0 ? null : `${index}-${at - 1}`;
    mapping[id] = { id, parent, children: [], message: { ...message, metadata: {} } };
  }
  const ids = { id: `s${index}`, conversation_id: `s${index}`, current_node: `${index}-9` };
  return JSON.stringify({ ...ids, title: `Session ${index}`, create_time: 1.7e9, mapping });
}

async function writeExport(path: string): Promise<number> {
  const file = createWriteStream(path);
  const zip = new Zip((_, bytes) => file.write(bytes));
  const entry = new ZipDeflate("conversations.json", { level: 1 });
  zip.add(entry);
  let count = 0;
  for (let bytes = 0; bytes < BYTES; count += 1) {
    const item = strToU8(`${count === 0 ? "[" : ",\n"}${sessionText(count)}`);
    entry.push(item);
    bytes += item.length;
    if (file.writableNeedDrain) await once(file, "drain");
  }
  entry.push(strToU8("]"), true);
  zip.end();
  file.end();
  await once(file, "finish");
  return count;
}

const folder = mkdtempSync(join(tmpdir(), "import-"));
try {
  const path = join(folder, "export.zip");
  const count = await writeExport(path);
  const blob = await openAsBlob(path);
  const before = process.memoryUsage().rss;
  const startedAt = performance.now();
  let sessions = 0;
  let messages = 0;
  let most = 0;
  await importFiles([{ name: "export.zip", size: blob.size, stream: () => blob.stream() }], {
    agents,
    onReadings: (_: unknown, readings: { messages: unknown[] }[]) => {
      sessions += readings.length;
      for (const reading of readings) messages += reading.messages.length;
      most = Math.max(most, process.memoryUsage().rss - before);
      return Promise.resolve();
    },
    onFile: () => undefined,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = BYTES / 1024 ** 2 / seconds;
  console.log(`${sessions} of ${count} sessions, ${messages} messages, ${rate.toFixed(0)} MB/s`);
  console.log(
    `memory grew by ${(most / 1024 ** 2).toFixed(0)} MB (at most ${MOST_MEMORY / 1024 ** 2})`,
  );
  process.exitCode = sessions === count && most <= MOST_MEMORY ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
