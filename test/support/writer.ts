/** A process that makes tasks and appends to them: `writer.ts <state> <name> <how many>`. */
import { append } from "../../src/store/append.ts";
import { newTask, repoId } from "./task-made.ts";

const [state = "", name = "", count = "1"] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const { id } = newTask(state, `${name}-${i}`);
  await append(state, repoId, id, 0, () => [{ type: "stop-asked", by: "a writer" }]);
}
