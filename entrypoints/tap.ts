import { defineUnlistedScript } from "#imports";
import { installTap } from "../capture/tap/install";

export default defineUnlistedScript(() => {
  installTap();
});
