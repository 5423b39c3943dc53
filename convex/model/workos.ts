/** WorkOS' management API: only to delete an account that its owner erases, and only where the deployment has a key for it. */

const WORKOS = "https://api.workos.com";

function setting(name: "WORKOS_API_KEY" | "WORKOS_API_URL"): string | undefined {
  // eslint-disable-next-line @convex-dev/no-process-env -- optional settings of a deployment
  const value = name === "WORKOS_API_KEY" ? process.env.WORKOS_API_KEY : process.env.WORKOS_API_URL;
  return value === "" ? undefined : value;
}

/** Whether the deployment may delete users at WorkOS. */
export function canDeleteIdentity(): boolean {
  return setting("WORKOS_API_KEY") !== undefined;
}

/** Deletes the user at WorkOS; one that is gone already counts as deleted. Gives the problem, for people, when that failed. */
export async function deleteIdentity(workosId: string): Promise<string | undefined> {
  const base = (setting("WORKOS_API_URL") ?? WORKOS).replace(/\/+$/, "");
  const headers = { Authorization: `Bearer ${setting("WORKOS_API_KEY")}` };
  const url = `${base}/user_management/users/${encodeURIComponent(workosId)}`;
  const status = await fetch(url, { method: "DELETE", headers }).then(
    (response) => response.status,
    () => undefined,
  );
  if (status === 404 || (status !== undefined && status >= 200 && status < 300)) return undefined;
  return status === undefined
    ? "Your data is erased. The sign-in service does not answer; it is asked again every 10 minutes to delete your sign-in."
    : `Your data is erased. The sign-in service refused to delete your sign-in (${status}); it is asked again every 10 minutes.`;
}
