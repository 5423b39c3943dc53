import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator, RefreshTokenRow, SignInRow, UserRow } from "./emulator.ts";
import type { Person } from "./people.ts";

/** What a restart must find again so that nobody is signed out: the signing key, the port, and who is signed in. */
export interface AuthkitState {
  version: 1;
  key: { pem: string; kid: string };
  port: number | null;
  users: UserRow[];
  sessions: SignInRow[];
  refreshTokens: RefreshTokenRow[];
}

/** Reads the state of a data folder, or begins one with a new signing key. */
export function readState(dataDir: string): AuthkitState {
  const file = stateFile(dataDir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return emptyState();
  }
  try {
    const state = JSON.parse(text) as AuthkitState;
    if (state.version === 1) return state;
  } catch {
    // Not JSON: the message below says what to do.
  }
  throw new Error(
    `The AuthKit emulator's file ${file} cannot be read. It holds only the local sign-ins, no captured sessions. ` +
      "Move it away and start again; everybody then signs in once more.",
  );
}

/** Writes the state so that a kill at any moment leaves the old or the new one, never half of it. */
export function writeState(dataDir: string, state: AuthkitState): void {
  mkdirSync(dataDir, { recursive: true });
  const file = stateFile(dataDir);
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Puts the kept users and sign-ins, and the people who are not among them yet, into the emulator. */
export function restore(emulator: Emulator, state: AuthkitState, people: readonly Person[]): void {
  const { users, sessions, refreshTokens } = emulator.store;
  for (const user of state.users) users.insert(user);
  for (const signIn of state.sessions) sessions.insert(signIn);
  for (const token of state.refreshTokens) refreshTokens.insert(token);
  for (const person of people) {
    const row = userOf(person, emulator.hashPassword(person.password));
    if (users.get(person.id)) users.update(person.id, row);
    else users.insert(row);
  }
}

/** The state as it now is in the emulator. */
export function capture(emulator: Emulator, port: number): AuthkitState {
  const { users, sessions, refreshTokens } = emulator.store;
  const { privateKey, kid } = emulator.signer;
  return {
    version: 1,
    key: { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), kid },
    port,
    users: users.all(),
    sessions: sessions.all(),
    refreshTokens: refreshTokens.all(),
  };
}

function userOf(person: Person, passwordHash: string): UserRow {
  return {
    id: person.id,
    object: "user",
    email: person.email,
    first_name: person.firstName,
    last_name: person.lastName,
    email_verified: true,
    profile_picture_url: person.pictureUrl,
    last_sign_in_at: null,
    external_id: null,
    metadata: {},
    locale: null,
    password_hash: passwordHash,
    impersonator: null,
  };
}

function emptyState(): AuthkitState {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    version: 1,
    key: {
      pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      kid: `authkit_local_${randomBytes(6).toString("hex")}`,
    },
    port: null,
    users: [],
    sessions: [],
    refreshTokens: [],
  };
}

function stateFile(dataDir: string): string {
  return join(dataDir, "authkit.json");
}
