/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as contentHash from "../contentHash.js";
import type * as files from "../files.js";
import type * as functions from "../functions.js";
import type * as http from "../http.js";
import type * as keys from "../keys.js";
import type * as messageText from "../messageText.js";
import type * as messages from "../messages.js";
import type * as model_amounts from "../model/amounts.js";
import type * as model_check from "../model/check.js";
import type * as model_erase from "../model/erase.js";
import type * as model_errors from "../model/errors.js";
import type * as model_keyText from "../model/keyText.js";
import type * as model_keys from "../model/keys.js";
import type * as model_largeParts from "../model/largeParts.js";
import type * as model_messages from "../model/messages.js";
import type * as model_pages from "../model/pages.js";
import type * as model_prices from "../model/prices.js";
import type * as model_record from "../model/record.js";
import type * as model_sessions from "../model/sessions.js";
import type * as model_users from "../model/users.js";
import type * as sessions from "../sessions.js";
import type * as users from "../users.js";
import type * as utf8 from "../utf8.js";
import type * as validators from "../validators.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  contentHash: typeof contentHash;
  files: typeof files;
  functions: typeof functions;
  http: typeof http;
  keys: typeof keys;
  messageText: typeof messageText;
  messages: typeof messages;
  "model/amounts": typeof model_amounts;
  "model/check": typeof model_check;
  "model/erase": typeof model_erase;
  "model/errors": typeof model_errors;
  "model/keyText": typeof model_keyText;
  "model/keys": typeof model_keys;
  "model/largeParts": typeof model_largeParts;
  "model/messages": typeof model_messages;
  "model/pages": typeof model_pages;
  "model/prices": typeof model_prices;
  "model/record": typeof model_record;
  "model/sessions": typeof model_sessions;
  "model/users": typeof model_users;
  sessions: typeof sessions;
  users: typeof users;
  utf8: typeof utf8;
  validators: typeof validators;
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
