import { ConvexProviderWithAuth, ConvexReactClient } from "convex/react";
import { useMemo } from "react";
import { agents } from "../../agents";
import { useAuthWithConvex, useConvexAuthAdapter } from "../../auth/convex-auth";
import { useAuth } from "../../auth/use-auth";
import { ArchiveFrame } from "../../components/archive/ArchiveFrame";
import { ArchiveGate, NoDeployment } from "../../components/archive/ArchiveGate";
import { useStored } from "../../components/use-stored";
import { settings } from "../../utils/storage";

/** The live client of a deployment, or null for what is no deployment URL. It connects when first asked something. */
function connect(convexUrl: string): ConvexReactClient | null {
  try {
    // Without reuse the client asks for a second, fresh token at every start, and so WorkOS for a refresh.
    return new ConvexReactClient(convexUrl, { initialAuthTokenReuse: true });
  } catch {
    // The client refuses an address that cannot be a deployment's; the page says so.
    return null;
  }
}

function Gate() {
  return <ArchiveGate auth={useAuthWithConvex()} agents={agents} />;
}

export function App() {
  const auth = useAuth();
  const convexUrl = useStored(settings)?.convexUrl;
  const convex = useMemo(() => (convexUrl ? connect(convexUrl) : null), [convexUrl]);
  if (convexUrl === undefined) return null;
  return (
    <ArchiveFrame auth={auth}>
      {convex === null ? (
        <NoDeployment isSet={convexUrl !== ""} />
      ) : (
        <ConvexProviderWithAuth key={convexUrl} client={convex} useAuth={useConvexAuthAdapter}>
          <Gate />
        </ConvexProviderWithAuth>
      )}
    </ArchiveFrame>
  );
}
