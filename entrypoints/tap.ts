import { installTap } from "../capture/tap/install";

/** What `defineUnlistedScript` would give, without its bytes in every page. */
export default {
  main() {
    installTap();
  },
};
