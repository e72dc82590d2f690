/** 500 random worktrees: cleaned up, removed, restored. */
import { test } from "uvu";
import { everyByte } from "../support/every-byte.ts";

test("only what is proven goes, and every byte comes back: 500 random worktrees", () => everyByte(500));

test.run();
