import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { Engine } from "../types.ts";
import type { Exports } from "./exports.ts";
import { CALL_BODY_LIMIT, json, readJson, Refusal, type Reply } from "./http.ts";

/** How long a poll for function logs is held; there is nothing to tell, as logs go to the caller. */
const LOG_POLL = 10_000;

const environmentChanges = v.object({
  changes: v.array(
    v.object({
      name: v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/), v.maxLength(40)),
      value: v.nullish(v.pipe(v.string(), v.maxLength(8192)), null),
    }),
  ),
});

/** The admin's endpoints beside pushing: URLs, environment, configuration, logs and exports. */
export class AdminApi {
  readonly #engine: Engine;
  readonly #exports: Exports;
  readonly #origins: () => { api: string; site: string };

  constructor(parts: {
    engine: Engine;
    exports: Exports;
    origins: () => { api: string; site: string };
  }) {
    this.#engine = parts.engine;
    this.#exports = parts.exports;
    this.#origins = parts.origins;
  }

  canonicalUrls(): Reply {
    const { api, site } = this.#origins();
    return json({ convexCloudUrl: api, convexSiteUrl: site });
  }

  async setEnvironment(request: IncomingMessage): Promise<Reply> {
    const parsed = v.safeParse(environmentChanges, await readJson(request, CALL_BODY_LIMIT));
    if (!parsed.success) {
      throw new Refusal(
        400,
        "EnvironmentVariableNotValid",
        "An environment variable needs a name of letters, digits and underscores (at most 40, no digit first) and a " +
          "value of at most 8,192 characters. Nothing was changed.",
      );
    }
    await this.#engine.setEnvironment(
      Object.fromEntries(parsed.output.changes.map(({ name, value }) => [name, value])),
    );
    return json(null);
  }

  /** No hashes, so that the CLI always sends every module. */
  configHashes(): Reply {
    return json({ config: { functions: "convex/" }, moduleHashes: [], nodeDependencies: [] });
  }

  async functionLogs(signal: AbortSignal): Promise<Reply> {
    await sleep(LOG_POLL, undefined, { signal, ref: false }).catch(() => {
      // The asker went away or the backend closes: answer now.
    });
    return json({ entries: [], newCursor: Date.now() });
  }

  requestExport(includeStorage: boolean): Reply {
    this.#exports.request(includeStorage);
    return json(null);
  }

  export(): Reply {
    return {
      status: 200,
      headers: {
        "Content-Type": "application/zip",
        "Content-Disposition": "attachment; filename=snapshot.zip",
      },
      body: this.#exports.zip(),
    };
  }
}
