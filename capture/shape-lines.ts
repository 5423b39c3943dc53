/** A place (shape-place) as lines of text. */
import { isFormatName, isPureFormatName } from "./shape-names";
import { mergePlaces, OTHERS, type Place, type Variant } from "./shape-place";

/** Says of a name whether it, or six letters of it, stand in the content: it is then the person's word, or could be. */
export type IsInContent = (name: string) => boolean;

/** The next power of two: sizes say little about what was written. */
export function roughly(size: number): string {
  return `<=${size <= 1 ? size : 2 ** Math.ceil(Math.log2(size))}`;
}

/** The names of the objects at a place that are the site's own; the others are one `:key`. */
function ownNames(variant: Variant, isInContent: IsInContent): Set<string> {
  const { count, fields, mostOthers } = variant;
  const names = [...fields.keys()].filter((name) => name !== OTHERS);
  const known = names.filter(isFormatName).length;
  // An object whose names are words of no format is a map by something of the person's.
  const isMap = known * 2 < names.length + mostOthers;
  return new Set(
    names.filter((name) => {
      if (isPureFormatName(name)) return true;
      const isRepeated = count === 1 || fields.get(name)!.count > 1;
      return !isMap && isRepeated && !isInContent(name);
    }),
  );
}

function describe(place: Place): string {
  const kinds = [
    ...[...place.words].sort(),
    place.longest >= 0 && `string ${roughly(place.longest)}${place.inner ? " of JSON" : ""}`,
    place.hasNumber && "number",
    place.hasBoolean && "boolean",
    place.items && `array ${roughly(place.mostItems)}`,
    place.variants.size > 0 && "object",
    place.hasNull && "null",
  ];
  return kinds.filter(Boolean).join(" | ") || "deeper";
}

function variantLines(variant: Variant, isInContent: IsInContent): string[] {
  const own = ownNames(variant, isInContent);
  const lines: string[] = [];
  let others = variant.fields.get(OTHERS);
  let hidden = variant.mostOthers;
  for (const [name, place] of variant.fields) {
    if (name === OTHERS) continue;
    if (own.has(name)) {
      const mark = place.count < variant.count ? "?" : "";
      lines.push(...linesOf(`${name}${mark}`, place, isInContent));
    } else {
      others = others ? mergePlaces(others, place) : place;
      hidden += 1;
    }
  }
  if (others) lines.push(...linesOf(`${OTHERS} ${roughly(hidden)}`, others, isInContent));
  return lines;
}

function indent(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** A place under its name, with all that is in it. */
export function linesOf(name: string, place: Place, isInContent: IsInContent): string[] {
  const lines = [`${name}: ${describe(place)}`];
  if (place.inner) lines.push(...indent(linesOf("JSON", place.inner, isInContent)));
  if (place.items && place.items.count > 0) {
    lines.push(...indent(linesOf("[]", place.items, isInContent)));
  }
  for (const [type, variant] of place.variants) {
    const own = variantLines(variant, isInContent);
    if (type === "") lines.push(...indent(own));
    else lines.push(`  type ${type}:`, ...indent(indent(own)));
  }
  return lines;
}
