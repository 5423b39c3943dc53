import type { PaginationOptions, PaginationResult } from "convex/server";

/** The page that nobody, or a question about nothing, gets: no rows and nothing to load. */
export function emptyPage(): PaginationResult<never> {
  return { page: [], isDone: true, continueCursor: "" };
}

/** The asked page with at most `most` rows, whatever number was asked for. */
export function pageOf(paginationOpts: PaginationOptions, most: number): PaginationOptions {
  const { numItems } = paginationOpts;
  return { ...paginationOpts, numItems: numItems >= 1 ? Math.min(Math.floor(numItems), most) : 1 };
}
