import { agents } from "../../agents";
import { useAuth } from "../../auth/use-auth";
import { Options } from "../../components/options/Options";

export function App() {
  return <Options auth={useAuth()} agents={agents} />;
}
