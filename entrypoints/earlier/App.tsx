import { agents } from "../../agents";
import { useAuth } from "../../auth/use-auth";
import { History } from "../../components/history/History";
import { startImport } from "./start-import";

export function App() {
  return <History auth={useAuth()} agents={agents} startImport={startImport} />;
}
