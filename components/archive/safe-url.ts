const ALLOWED = new Set(["https:", "http:", "mailto:"]);

/** An absolute web or mail address from captured text, or null: nothing else may become a link. */
export function safeUrl(url: string | null | undefined): string | null {
  if (!url || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  return ALLOWED.has(parsed.protocol) ? parsed.href : null;
}
