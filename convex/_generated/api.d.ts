/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as callers from "../callers.js";
import type * as contentHash from "../contentHash.js";
import type * as crons from "../crons.js";
import type * as embeddings from "../embeddings.js";
import type * as erase from "../erase.js";
import type * as evals from "../evals.js";
import type * as exports from "../exports.js";
import type * as files from "../files.js";
import type * as functions from "../functions.js";
import type * as http from "../http.js";
import type * as imports from "../imports.js";
import type * as keys from "../keys.js";
import type * as lookups from "../lookups.js";
import type * as messageText from "../messageText.js";
import type * as messages from "../messages.js";
import type * as model_accessLog from "../model/accessLog.js";
import type * as model_amounts from "../model/amounts.js";
import type * as model_anonymous from "../model/anonymous.js";
import type * as model_check from "../model/check.js";
import type * as model_context from "../model/context.js";
import type * as model_embeddingProvider from "../model/embeddingProvider.js";
import type * as model_embeddings from "../model/embeddings.js";
import type * as model_erase from "../model/erase.js";
import type * as model_eraseUser from "../model/eraseUser.js";
import type * as model_erasedAccounts from "../model/erasedAccounts.js";
import type * as model_errors from "../model/errors.js";
import type * as model_evalCases from "../model/evalCases.js";
import type * as model_evals from "../model/evals.js";
import type * as model_export from "../model/export.js";
import type * as model_exportText from "../model/exportText.js";
import type * as model_keyText from "../model/keyText.js";
import type * as model_keys from "../model/keys.js";
import type * as model_largeParts from "../model/largeParts.js";
import type * as model_limits from "../model/limits.js";
import type * as model_lists from "../model/lists.js";
import type * as model_mayStore from "../model/mayStore.js";
import type * as model_meaning from "../model/meaning.js";
import type * as model_messages from "../model/messages.js";
import type * as model_moveToAgent from "../model/moveToAgent.js";
import type * as model_organise from "../model/organise.js";
import type * as model_pages from "../model/pages.js";
import type * as model_prices from "../model/prices.js";
import type * as model_publicSession from "../model/publicSession.js";
import type * as model_record from "../model/record.js";
import type * as model_search from "../model/search.js";
import type * as model_searchText from "../model/searchText.js";
import type * as model_secrets from "../model/secrets.js";
import type * as model_sessionSearch from "../model/sessionSearch.js";
import type * as model_sessions from "../model/sessions.js";
import type * as model_shares from "../model/shares.js";
import type * as model_stats from "../model/stats.js";
import type * as model_usage from "../model/usage.js";
import type * as model_users from "../model/users.js";
import type * as model_wire from "../model/wire.js";
import type * as model_wireParts from "../model/wireParts.js";
import type * as model_wireRows from "../model/wireRows.js";
import type * as model_workos from "../model/workos.js";
import type * as organise from "../organise.js";
import type * as routes_all from "../routes/all.js";
import type * as routes_archive from "../routes/archive.js";
import type * as routes_batch from "../routes/batch.js";
import type * as routes_caller from "../routes/caller.js";
import type * as routes_exportArchive from "../routes/exportArchive.js";
import type * as routes_exports from "../routes/exports.js";
import type * as routes_find from "../routes/find.js";
import type * as routes_mcp from "../routes/mcp.js";
import type * as routes_mcpTools from "../routes/mcpTools.js";
import type * as routes_openApi from "../routes/openApi.js";
import type * as routes_problem from "../routes/problem.js";
import type * as routes_read from "../routes/read.js";
import type * as routes_route from "../routes/route.js";
import type * as routes_serve from "../routes/serve.js";
import type * as routes_share from "../routes/share.js";
import type * as routes_sharePage from "../routes/sharePage.js";
import type * as routes_sharePageCss from "../routes/sharePageCss.js";
import type * as routes_store from "../routes/store.js";
import type * as routes_sync from "../routes/sync.js";
import type * as routes_wireShapes from "../routes/wireShapes.js";
import type * as search from "../search.js";
import type * as sessions from "../sessions.js";
import type * as shares from "../shares.js";
import type * as stats from "../stats.js";
import type * as users from "../users.js";
import type * as utf8 from "../utf8.js";
import type * as validators from "../validators.js";
import type * as wire from "../wire.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  callers: typeof callers;
  contentHash: typeof contentHash;
  crons: typeof crons;
  embeddings: typeof embeddings;
  erase: typeof erase;
  evals: typeof evals;
  exports: typeof exports;
  files: typeof files;
  functions: typeof functions;
  http: typeof http;
  imports: typeof imports;
  keys: typeof keys;
  lookups: typeof lookups;
  messageText: typeof messageText;
  messages: typeof messages;
  "model/accessLog": typeof model_accessLog;
  "model/amounts": typeof model_amounts;
  "model/anonymous": typeof model_anonymous;
  "model/check": typeof model_check;
  "model/context": typeof model_context;
  "model/embeddingProvider": typeof model_embeddingProvider;
  "model/embeddings": typeof model_embeddings;
  "model/erase": typeof model_erase;
  "model/eraseUser": typeof model_eraseUser;
  "model/erasedAccounts": typeof model_erasedAccounts;
  "model/errors": typeof model_errors;
  "model/evalCases": typeof model_evalCases;
  "model/evals": typeof model_evals;
  "model/export": typeof model_export;
  "model/exportText": typeof model_exportText;
  "model/keyText": typeof model_keyText;
  "model/keys": typeof model_keys;
  "model/largeParts": typeof model_largeParts;
  "model/limits": typeof model_limits;
  "model/lists": typeof model_lists;
  "model/mayStore": typeof model_mayStore;
  "model/meaning": typeof model_meaning;
  "model/messages": typeof model_messages;
  "model/moveToAgent": typeof model_moveToAgent;
  "model/organise": typeof model_organise;
  "model/pages": typeof model_pages;
  "model/prices": typeof model_prices;
  "model/publicSession": typeof model_publicSession;
  "model/record": typeof model_record;
  "model/search": typeof model_search;
  "model/searchText": typeof model_searchText;
  "model/secrets": typeof model_secrets;
  "model/sessionSearch": typeof model_sessionSearch;
  "model/sessions": typeof model_sessions;
  "model/shares": typeof model_shares;
  "model/stats": typeof model_stats;
  "model/usage": typeof model_usage;
  "model/users": typeof model_users;
  "model/wire": typeof model_wire;
  "model/wireParts": typeof model_wireParts;
  "model/wireRows": typeof model_wireRows;
  "model/workos": typeof model_workos;
  organise: typeof organise;
  "routes/all": typeof routes_all;
  "routes/archive": typeof routes_archive;
  "routes/batch": typeof routes_batch;
  "routes/caller": typeof routes_caller;
  "routes/exportArchive": typeof routes_exportArchive;
  "routes/exports": typeof routes_exports;
  "routes/find": typeof routes_find;
  "routes/mcp": typeof routes_mcp;
  "routes/mcpTools": typeof routes_mcpTools;
  "routes/openApi": typeof routes_openApi;
  "routes/problem": typeof routes_problem;
  "routes/read": typeof routes_read;
  "routes/route": typeof routes_route;
  "routes/serve": typeof routes_serve;
  "routes/share": typeof routes_share;
  "routes/sharePage": typeof routes_sharePage;
  "routes/sharePageCss": typeof routes_sharePageCss;
  "routes/store": typeof routes_store;
  "routes/sync": typeof routes_sync;
  "routes/wireShapes": typeof routes_wireShapes;
  search: typeof search;
  sessions: typeof sessions;
  shares: typeof shares;
  stats: typeof stats;
  users: typeof users;
  utf8: typeof utf8;
  validators: typeof validators;
  wire: typeof wire;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {};
