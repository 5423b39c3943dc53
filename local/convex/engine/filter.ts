import { compareValues, type JSONValue, type Value } from "convex/values";
import type { Document } from "./document.ts";
import { fieldAt } from "./key-codec.ts";
import { queryValue } from "./range.ts";

type Expression = { [operator: string]: JSONValue };
type Operand = Value | undefined;

const COMPARISONS: Record<string, (order: number) => boolean> = {
  $eq: (order) => order === 0,
  $neq: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

const ARITHMETIC: Record<string, (left: number, right: number) => number> = {
  $add: (left, right) => left + right,
  $sub: (left, right) => left - right,
  $mul: (left, right) => left * right,
  $div: (left, right) => left / right,
  $mod: (left, right) => left % right,
};

const BIG_ARITHMETIC: Record<string, (left: bigint, right: bigint) => bigint> = {
  $add: (left, right) => left + right,
  $sub: (left, right) => left - right,
  $mul: (left, right) => left * right,
  $div: (left, right) => left / right,
  $mod: (left, right) => left % right,
};

function calculate(operator: string, left: Operand, right: Operand): Operand {
  if (typeof left === "number" && typeof right === "number") {
    return ARITHMETIC[operator]!(left, right);
  }
  if (typeof left === "bigint" && typeof right === "bigint") {
    return BigInt.asIntN(64, BIG_ARITHMETIC[operator]!(left, right));
  }
  throw new Error(
    `\`q.${operator.slice(1)}\` in a filter needs two numbers or two int64 values, got ${typeof left} and ${typeof right}.`,
  );
}

/** Evaluates one expression of `.filter(q => ...)` on a document. */
export function evaluate(expression: JSONValue, document: Document): Operand {
  const [operator, operand] = Object.entries(expression as Expression)[0] ?? ["", null];
  if (operator === "$field") return fieldAt(document, (operand as string).split("."));
  if (operator === "$literal") return queryValue(operand);
  if (operator === "$not") return evaluate(operand, document) !== true;
  if (operator === "$neg") return negate(evaluate(operand, document));
  const parts = operand as JSONValue[];
  if (operator === "$and") return parts.every((part) => evaluate(part, document) === true);
  if (operator === "$or") return parts.some((part) => evaluate(part, document) === true);
  const compare = COMPARISONS[operator];
  if (compare !== undefined) {
    return compare(compareValues(evaluate(parts[0]!, document), evaluate(parts[1]!, document)));
  }
  if (operator in ARITHMETIC) {
    return calculate(operator, evaluate(parts[0]!, document), evaluate(parts[1]!, document));
  }
  throw new Error(`The embedded Convex does not host the filter operator "${operator}".`);
}

function negate(value: Operand): Operand {
  if (typeof value === "number" || typeof value === "bigint") return -value;
  throw new Error(`\`q.neg\` in a filter needs a number, got ${typeof value}.`);
}
