/** The page's beginning: gets in with the address's token, then shows what there is. */
import { render } from "preact";
import { watchOut } from "./attention.ts";
import { enter, type Refusal } from "./client.ts";
import { followAddress } from "./nav.ts";
import { unescaped } from "./pure/route.ts";
import { followRemarks } from "./remarks.ts";
import { start, trouble } from "./store.ts";
import { App } from "./views/app.tsx";

const place = document.getElementById("page");
const [, token] = /^#token=([\w-]+)/.exec(location.hash) ?? [];
// The token leaves the address before anything else happens: it is good for once, and belongs in no history. What stands behind it is where to go.
const to = /&to=(.*)$/.exec(location.hash)?.[1];
if (token !== undefined) history.replaceState(null, "", to === undefined ? "#/" : `#${unescaped(to)}`);

if (place !== null) {
  if (token !== undefined) await enter(token).catch((error: Refusal) => trouble.set(error));
  followAddress();
  followRemarks();
  watchOut();
  start();
  place.textContent = "";
  render(<App />, place);
}
