// Put into a bundle by build.mjs where a package asks for it: CommonJS has no `import.meta`.
export const importMetaUrl = /* @__PURE__ */ (() => require("node:url").pathToFileURL(__filename).href)();
