/** What a message refers to: links, citations, images. Addresses are checked here, once. */
import type { PageFile } from "../../agents/shared/page-reading";
import { publicUrl } from "../../agents/shared/parts";

const CITATION_ATTRIBUTE = "data-pplx-citation-url";
/** An anchor in one of these, or one that is only a number, cites. */
const CITATION =
  "sup, [data-testid*='citation'], [class~='citation'], [class*='Citation'], [data-turn-source-index]";
const MEDIA: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  avif: "image/avif",
};

function absolute(element: Element, address: string | null): URL | null {
  return address === null ? null : URL.parse(address.trim(), element.baseURI);
}

/** Where a link leads, absolute; null for anything but the web and mail. */
export function linkOf(element: Element): string | null {
  const url = absolute(element, element.getAttribute("href"));
  return url && /^(https?|mailto):$/.test(url.protocol) ? url.href : null;
}

/** The page that an element cites; null for what is no citation. */
export function citationOf(element: Element): { url: string; title?: string } | null {
  const named = element.getAttribute(CITATION_ATTRIBUTE);
  if (named === null && element.localName !== "a") return null;
  const text = element.textContent.trim();
  const isCitation =
    named !== null || element.closest(CITATION) !== null || /^\[?\d{1,3}\]?$/.test(text);
  const url = isCitation ? absolute(element, named ?? element.getAttribute("href")) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  const title =
    element.getAttribute("title") ??
    element.getAttribute("aria-label") ??
    (/^\W*\d*\W*$/.test(text) ? null : text);
  return title ? { url: url.href, title: title.trim() } : { url: url.href };
}

/** An image as a file: its name and, if it is lasting and public, its address; null for one that only decorates. */
export function fileOf(image: HTMLImageElement): PageFile | null {
  const source = image.getAttribute("src") ?? "";
  const name = (image.getAttribute("alt") ?? "").trim() || undefined;
  const address = absolute(image, source);
  // What lies on the site itself is behind its sign-in.
  const isOwn = address?.origin === URL.parse(image.baseURI)?.origin;
  const url = isOwn ? undefined : publicUrl(address?.href);
  const isContent = name !== undefined || /^(blob|data):/.test(source);
  if (!isContent) return null;
  const data = /^data:([\w/+.-]+)[;,]/.exec(source)?.[1];
  const extensions = [url, name].map((text) => /\.(\w{3,4})$/.exec(text ?? "")?.[1]?.toLowerCase());
  const mediaType = data ?? extensions.map((one) => MEDIA[one ?? ""]).find(Boolean);
  return {
    ...(name === undefined ? {} : { name }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(url === undefined ? {} : { url }),
  };
}
