/** Entry of the runner process. */
import { codeDir } from "../store/paths.ts";
import { cacheCode } from "../system/code-cache.ts";
import { debugging } from "../system/debug.ts";

if (!debugging) cacheCode(import.meta.dirname, codeDir());
void import("./start.ts").then(({ start }) => start());
