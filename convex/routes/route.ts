/** What a route is: the one description from which it is served and documented. */
import type { GenericValidator, Infer, PropertyValidators, VObject } from "convex/values";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import type { KeyScope } from "../validators";

/** What a handler gets: the caller and what was sent, already checked. */
export type Asked<Query, Body> = {
  userId: Id<"users">;
  query: Query;
  body: Body;
  /** Bytes of the body. */
  bytes: number;
  request: Request;
};

type Fields<P extends PropertyValidators> = VObject<unknown, P>;

/** A route whose types have done their work. */
export type Route = {
  method: "GET" | "POST";
  path: string;
  /** What a caller must be allowed to; `open` answers anybody. */
  access: KeyScope | "open";
  /** One sentence for the OpenAPI document. */
  summary: string;
  query?: Fields<PropertyValidators>;
  body?: Fields<PropertyValidators>;
  /** JSON of a 200. */
  returns: GenericValidator;
  /** Media types of the files that a 200 may be instead. */
  files?: string[];
  handle(ctx: ActionCtx, asked: Asked<never, never>): Promise<unknown>;
};

type Described<Q, B, R extends GenericValidator> = Omit<
  Route,
  "query" | "body" | "returns" | "handle"
> & {
  query?: Q;
  body?: B;
  returns: R;
  handle(
    ctx: ActionCtx,
    asked: Asked<
      Q extends GenericValidator ? Infer<Q> : undefined,
      B extends GenericValidator ? Infer<B> : undefined
    >,
  ): Promise<Infer<R> | Response>;
};

/** Describes a route: `handle` gets what the validators describe, and gives the JSON that they promise or a whole response. */
export function defineRoute<
  R extends GenericValidator,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- VObject's own default
  Q extends VObject<any, any> | undefined = undefined,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- VObject's own default
  B extends VObject<any, any> | undefined = undefined,
>(route: Described<Q, B, R>): Route {
  return route as unknown as Route;
}
