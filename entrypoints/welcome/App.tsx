import { agents } from "../../agents";
import { useAuth } from "../../auth/use-auth";
import { Welcome } from "../../components/welcome/Welcome";

export function App() {
  return <Welcome auth={useAuth()} agents={agents} />;
}
