/** `npm run local`: AuthKit and Convex alone, for other programs. */
import { parseArgs } from "node:util";
import { runUntilStopped } from "./shutdown.ts";
import { dataFolder, startStack, type Stack } from "./stack.ts";

const USAGE =
  "Usage: npm run local -- [--json] [--data DIR] [--authkit-port N] [--convex-port N] [--site-port N]";

interface Arguments {
  isJson: boolean;
  dataDir: string;
  ports: { authkit?: number; convex?: number; site?: number };
}

await runUntilStopped(async (shutdown, stopped) => {
  const { isJson, dataDir, ports } = readArguments();
  const stack = await startStack({ dataDir, ports });
  shutdown.add(() => stack.close());
  console.log(isJson ? JSON.stringify(describe(stack)) : table(stack, dataDir));
  await stopped;
});

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        data: { type: "string" },
        "authkit-port": { type: "string" },
        "convex-port": { type: "string" },
        "site-port": { type: "string" },
      },
    });
    return {
      isJson: values.json,
      dataDir: dataFolder(values.data),
      ports: {
        ...port("authkit", values["authkit-port"]),
        ...port("convex", values["convex-port"]),
        ...port("site", values["site-port"]),
      },
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, {
      cause: error,
    });
  }
}

function port(name: "authkit" | "convex" | "site", text: string | undefined): Arguments["ports"] {
  if (text === undefined) return {};
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new Error(`--${name}-port must be a number from 1 to 65535, not "${text}".`);
  }
  return { [name]: number };
}

function describe(stack: Stack): object {
  return {
    authkit: stack.authkit.url,
    convex: stack.convex.url,
    site: stack.convex.siteUrl,
    adminKey: stack.convex.adminKey,
    clientId: stack.clientId,
    people: stack.people.map(({ id, email, firstName, lastName, password }) => ({
      id,
      email,
      name: `${firstName} ${lastName}`,
      password,
    })),
    controlToken: stack.authkit.control.token,
  };
}

function table(stack: Stack, dataDir: string): string {
  const rows = [
    ["AuthKit", stack.authkit.url],
    ["Convex", stack.convex.url],
    ["HTTP actions", stack.convex.siteUrl],
    ["Client id", stack.clientId],
    ["Admin key", stack.convex.adminKey],
    ["Data", dataDir],
    ...stack.people.map((person) => ["Person", `${person.email}, password ${person.password}`]),
  ];
  const lines = rows.map(([name = "", value = ""]) => `${name.padEnd(14)}${value}`);
  return [...lines, "", "Ctrl-C ends both. The data stays."].join("\n");
}
