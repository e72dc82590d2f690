/** The small size of the property in support/every-byte.ts; `npm run test:soak -- every-byte` is the large one. */
import { test } from "uvu";
import { everyByte } from "../support/every-byte.ts";

test("only what is proven goes, and every byte comes back: 6 random worktrees", () => everyByte(6));

test.run();
