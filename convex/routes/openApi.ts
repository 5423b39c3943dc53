/** The OpenAPI document, made from the same descriptions from which the routes are served. */
import { type GenericValidator, v, type VObject } from "convex/values";
import { MAX_BODY_BYTES } from "./read";
import type { Route } from "./route";

type JsonSchema = Record<string, unknown>;
type Shape = {
  kind: string;
  isOptional: string;
  fields: Record<string, Shape>;
  element: Shape;
  members: Shape[];
  value: unknown;
};

const simple: Record<string, JsonSchema> = {
  string: { type: "string" },
  id: { type: "string" },
  float64: { type: "number" },
  boolean: { type: "boolean" },
  null: { type: "null" },
  any: {},
};

function objectSchema({ fields }: Shape, isOpen: boolean): JsonSchema {
  const names = Object.keys(fields);
  const required = names.filter((name) => fields[name]?.isOptional !== "optional");
  return {
    type: "object",
    properties: Object.fromEntries(
      names.map((name) => [name, schemaOf(fields[name] as Shape, isOpen)]),
    ),
    ...(required.length > 0 && { required }),
    ...(!isOpen && { additionalProperties: false }),
  };
}

function schemaOf(shape: Shape, isOpen: boolean): JsonSchema {
  switch (shape.kind) {
    case "object":
      return objectSchema(shape, isOpen);
    case "array":
      return { type: "array", items: schemaOf(shape.element, isOpen) };
    case "record":
      return { type: "object" };
    case "literal":
      return { const: shape.value };
    case "union":
      return shape.members.every(({ kind }) => kind === "literal")
        ? { enum: shape.members.map(({ value }) => value) }
        : { anyOf: shape.members.map((member) => schemaOf(member, isOpen)) };
    default:
      return simple[shape.kind] ?? {};
  }
}

/** A Convex validator as JSON Schema; `isOpen`: other fields than the named ones may come too. */
export function jsonSchema(validator: GenericValidator, isOpen: boolean): JsonSchema {
  return schemaOf(validator as unknown as Shape, isOpen);
}

function json(description: string, schema: JsonSchema) {
  return { description, content: { "application/json": { schema } } };
}

const problem = jsonSchema(v.object({ error: v.string() }), true);

function problems({ access, body, query }: Route): Record<string, unknown> {
  const sent = body !== undefined || query !== undefined;
  return {
    ...(sent && { 400: json("What was sent is not what is expected here.", problem) }),
    ...(access !== "open" && {
      401: json("No key and no sign-in, or one that is not valid any more.", problem),
      403: json("The key may not do this.", problem),
      404: json("There is no such thing, or it is another's.", problem),
      409: json("What is stored does not allow it, such as an account being erased.", problem),
      429: {
        ...json("Too much at once; nothing was done.", problem),
        headers: {
          "Retry-After": { description: "Seconds to wait.", schema: { type: "integer" } },
        },
      },
    }),
    ...(body && { 413: json(`More than ${MAX_BODY_BYTES} bytes or too many items.`, problem) }),
    500: json("A fault of the server; the log has the number that the text names.", problem),
  };
}

function parameters(query: VObject<unknown, Record<string, GenericValidator>> | undefined) {
  return Object.entries(query?.fields ?? {}).map(([name, field]) => ({
    name,
    in: "query",
    required: field.isOptional !== "optional",
    schema: jsonSchema(field, true),
  }));
}

function operation(route: Route) {
  const { access, summary, body, query, returns, files = [] } = route;
  const media = Object.fromEntries(files.map((type) => [type, { schema: { type: "string" } }]));
  const ok = json("What was asked for.", jsonSchema(returns, false));
  return {
    summary,
    security: access === "open" ? [] : [{ bearer: [] }],
    ...(query && { parameters: parameters(query) }),
    ...(body && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: jsonSchema(body, true) } },
      },
    }),
    responses: { 200: { ...ok, content: { ...ok.content, ...media } }, ...problems(route) },
  };
}

/** The OpenAPI 3.1 document of these routes. */
export function openApi(routes: Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  const description =
    "An API key of OpenSync Companion (osk_...) or the access token of a sign-in, as a bearer.";
  return {
    openapi: "3.1.0",
    info: { title: "OpenSync Companion", version: "0.1.0", license: { name: "MIT" } },
    servers: [{ url: "/" }],
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer", description } } },
    paths,
  };
}
