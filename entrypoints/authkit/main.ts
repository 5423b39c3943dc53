import { serveAuthkitHost } from "../../auth/offscreen-page";

serveAuthkitHost();
