/** `npm start`: the whole product on this machine, without accounts and without a network. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Archive } from "./archive.ts";
import { ensureChromium } from "./browsers.ts";
import { openBrowser } from "./browser-window.ts";
import { runDemo } from "./demo.ts";
import { buildExtension } from "./extension-build.ts";
import { SessionLines } from "./session-lines.ts";
import { runUntilStopped, type Shutdown } from "./shutdown.ts";
import { dataFolder, startStack, type Stack } from "./stack.ts";

const USAGE = "Usage: npm start -- [--demo] [--data DIR]";

await runUntilStopped(async (shutdown, stopped) => {
  const { isDemo, dataDir } = readArguments();
  const hasDisplay = canShowWindows();
  const chromium = await ensureChromium();
  console.log("Starting AuthKit and Convex, and pushing the backend's functions ...");
  const stack = await startStack({ dataDir });
  shutdown.add(() => stack.close());
  console.log("Building the extension ...");
  const extensionDir = await buildExtension({
    outDir: join(dataDir, "extension"),
    convexUrl: stack.convex.url,
    authkitUrl: stack.authkit.url,
    clientId: stack.clientId,
  });
  printStack(stack, dataDir);
  if (isDemo || !hasDisplay) {
    const dir = join(dataDir, "demo");
    await runDemo({ stack, chromium, extensionDir, dir, headless: !hasDisplay }, shutdown);
    return;
  }
  watch(stack, shutdown);
  const window = await openBrowser({ chromium, extensionDir, dataDir });
  shutdown.add(() => window.close());
  console.log("\nChromium is open at the welcome page. Sessions appear here as they are captured.");
  console.log("Ctrl-C ends everything; the data stays.\n");
  await Promise.race([stopped, window.closed]);
});

function readArguments(): { isDemo: boolean; dataDir: string } {
  try {
    const { values } = parseArgs({
      options: {
        demo: { type: "boolean", default: false },
        data: { type: "string" },
      },
    });
    return { isDemo: values.demo, dataDir: dataFolder(values.data) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, {
      cause: error,
    });
  }
}

function canShowWindows(): boolean {
  if (process.platform !== "linux") return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function printStack(stack: Stack, dataDir: string): void {
  console.log(`\nAuthKit       ${stack.authkit.url}`);
  console.log(`Convex        ${stack.convex.url} (HTTP actions ${stack.convex.siteUrl})`);
  console.log(`Data          ${dataDir}`);
  for (const { firstName, lastName, email, password } of stack.people) {
    console.log(`Person        ${firstName} ${lastName}, ${email}, password ${password}`);
  }
}

/** Prints a line for each session that lands, whoever of the people is signed in. */
function watch(stack: Stack, shutdown: Shutdown): void {
  for (const { id } of stack.people) {
    const lines = new SessionLines();
    const archive = new Archive(stack.convex.url, stack.authkit, id);
    shutdown.add(() => archive.close());
    archive.watch((sessions) => lines.changed(sessions).forEach((line) => console.log(line)));
  }
}
