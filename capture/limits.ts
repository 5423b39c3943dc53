/** UTF-16 units of text in one hop: 256 KB, so that no hop blocks the page for more than a few milliseconds. */
export const MAX_PIECE_CHARS = 128 * 1024;

/** Bytes of one body that are read; beyond, the copy stops and the observation says that it is truncated. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** UTF-16 units of a request's body that come along with the answer. */
export const MAX_REQUEST_CHARS = 1024 * 1024;

/** Longest address that is handed over. */
export const MAX_URL_CHARS = 8 * 1024;

/** A turn that runs longer than this is also read while it runs. */
export const PARTIAL_MS = 10_000;
