/** This package's version, from package.json; put in at build time. */
import info from "../package.json" with { type: "json" };

export const version: string = info.version;
