import type { AuthConfig } from "convex/server";

// eslint-disable-next-line @convex-dev/no-process-env -- Convex's own form of this file; one variable needs no convex.config.ts
const clientId = process.env.WORKOS_CLIENT_ID;
const jwks = `https://api.workos.com/sso/jwks/${clientId}`;

/** WorkOS signs with two issuers: the first is shared by all its customers, so there the audience must be this client. */
export default {
  providers: [
    {
      type: "customJwt",
      issuer: "https://api.workos.com/",
      algorithm: "RS256",
      jwks,
      applicationID: clientId as string,
    },
    {
      type: "customJwt",
      issuer: `https://api.workos.com/user_management/${clientId}`,
      algorithm: "RS256",
      jwks,
    },
  ],
} satisfies AuthConfig;
