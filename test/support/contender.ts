/** A process that takes the lead of each folder it reads the name of, and goes on living. */
import { createInterface } from "node:readline";
import { takeEpoch } from "../../src/store/epoch.ts";
import { isAlive, me } from "../../src/system/identity.ts";

console.log("ready");
for await (const dir of createInterface({ input: process.stdin })) console.log(takeEpoch(dir, me(), isAlive).held ? "held" : "no");
