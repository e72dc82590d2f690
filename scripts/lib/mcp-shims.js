/**
 * In place of the MCP SDK's own shims in the bundle: they bring a checker of JSON Schema, a third of the server's size, that is used only for what we do not do
 * (asking the client's user for input, tools described by plain JSON Schema). See DECISIONS.md.
 */
export { default as process } from "node:process";

export class DefaultJsonSchemaValidator {
  getValidator() {
    throw new Error("JSON Schemas are not checked in this build");
  }
}
