import { agents } from "../../agents";
import { useAuth } from "../../auth/use-auth";
import { Popup } from "../../components/popup/Popup";

export function App() {
  return <Popup auth={useAuth()} agents={agents} />;
}
