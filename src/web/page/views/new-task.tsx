/** A new task: all of `run`, and the command line it makes. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { type FormAnswer, formPath } from "../../api.ts";
import type { Lever } from "../../levers.ts";
import { useBox } from "../box.ts";
import { lineOf, press } from "../deeds.ts";
import { draftOf, keepDraft } from "../drafts.ts";
import { cursor, go } from "../nav.ts";
import { fieldsOf, nothingTyped, type Typed, wrongIn } from "../pure/form.ts";
import { namesApart } from "../pure/groups.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { CommandText } from "./command.tsx";
import { Instead, useLooked } from "./load.tsx";

export function NewTask() {
  const looked = useLooked<FormAnswer>({ path: formPath }, null);
  if ("instead" in looked) return <Instead>{looked.instead}</Instead>;
  if (looked.found.repositories.length === 0)
    return (
      <div class="empty">
        <h1>No repository yet</h1>
        <p>
          The first task of a repository is started there, in a terminal: <code>copse -b "…"</code>. From then on it can be chosen here.
        </p>
      </div>
    );
  return <Form offers={looked.found} />;
}

const kept = "new task";
const keptRepo = "new task in";

/** What was typed and not sent is there again after a reload. */
function typedBefore(): Typed {
  try {
    return { ...nothingTyped, ...(JSON.parse(draftOf(kept) || "{}") as Partial<Typed>) };
  } catch {
    return nothingTyped;
  }
}

/** The one chosen before, else that of the task one has just looked at. */
function repoAtFirst(repos: readonly string[]): string {
  const near = state.get().rows.get(cursor.get() ?? "")?.repo;
  return [draftOf(keptRepo), near].find((repo) => repo !== undefined && repos.includes(repo)) ?? repos[0] ?? "";
}

function Form({ offers }: { offers: FormAnswer }) {
  const [typed, setTyped] = useState(typedBefore);
  const [repo, setRepo] = useState(() => repoAtFirst(offers.repositories.map((one) => one.repo)));
  // What is typed at once goes into the prompt, and is no key.
  useLayoutEffect(() => document.getElementById("f-prompt")?.focus(), []);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const open = useBox(state, ({ rows }) => rows);
  const labels = [...open.values()].filter((task) => task.repo === repo).map(({ label }) => label);
  const wrong = wrongIn(typed);
  const put = (name: keyof Typed, value: string | boolean) => {
    const next = { ...typed, [name]: value };
    setTyped(next);
    keepDraft(kept, JSON.stringify(next));
  };
  const forget = () => {
    keepDraft(kept, "");
    keepDraft(keptRepo, "");
  };
  const lever: Lever = { do: "run", repo, fields: fieldsOf(typed) };
  const submit = async () => {
    setTried(true);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    const done = await press(lever);
    setBusy(false);
    if (done === undefined) return;
    forget();
    const id = (done.output as { task?: { id?: string } } | null)?.task?.id;
    if (id !== undefined) go({ view: "task", id, tab: "life" });
  };
  const field = (name: keyof Typed, title: string, hint: string, control: (id: string, described: string) => ComponentChildren) => (
    <div class="field">
      <label for={`f-${name}`}>{title}</label>
      {control(`f-${name}`, `f-${name}-hint`)}
      {/* A prompt that is not there yet is no mistake before it was sent. */}
      <span class={wrong[name] && (tried || name !== "prompt") ? "error" : "hint"} id={`f-${name}-hint`}>
        {(tried || name !== "prompt" ? wrong[name] : undefined) ?? hint}
      </span>
    </div>
  );
  const text = (name: Exclude<keyof Typed, "draft">, title: string, hint: string, list: readonly string[] = []) =>
    field(name, title, hint, (id, described) => (
      <>
        <input
          id={id}
          value={typed[name]}
          aria-describedby={described}
          aria-invalid={wrong[name] !== undefined}
          autocomplete="off"
          list={list.length > 0 ? `${id}-list` : undefined}
          onInput={(event) => put(name, event.currentTarget.value)}
        />
        {list.length > 0 && (
          <datalist id={`${id}-list`}>
            {list.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        )}
      </>
    ));
  const area = (name: Exclude<keyof Typed, "draft">, title: string, hint: string, rows = 2) =>
    field(name, title, hint, (id, described) => (
      <textarea
        id={id}
        rows={rows}
        value={typed[name]}
        aria-describedby={described}
        onInput={(event) => put(name, event.currentTarget.value)}
      />
    ));
  const choice = (name: Exclude<keyof Typed, "draft">, title: string, hint: string, options: readonly (readonly [string, string])[]) =>
    field(name, title, hint, (id, described) => (
      <select id={id} value={typed[name]} aria-describedby={described} onChange={(event) => put(name, event.currentTarget.value)}>
        {options.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </select>
    ));
  const usual = (what: string): readonly [string, string] => ["", what === "" ? "as configured" : `as configured: ${what}`];
  return (
    <section class="inner" aria-labelledby="new-title">
      <h1 id="new-title">New task</h1>
      <form
        class="fields"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {area("prompt", "What is to be done", "The prompt, as you would type it.", 5)}
        <div class="pairs">
          <div class="field">
            <label for="f-repo">Repository</label>
            <select
              id="f-repo"
              value={repo}
              onChange={(event) => {
                setRepo(event.currentTarget.value);
                keepDraft(keptRepo, event.currentTarget.value);
              }}
            >
              {namesApart(offers.repositories.map((one) => one.repo)).map(([path, name]) => (
                <option key={path} value={path}>
                  {shownLine(name, 60)}
                </option>
              ))}
            </select>
            <span class="hint">{shownLine(repo, 80)}</span>
          </div>
          {text("label", "Label", "Made from the prompt if left out.")}
          {choice("agent", "Agent", "", [usual(offers.agent), ...offers.agents.map((one) => [one, shownLine(one, 60)] as const)])}
          {text("model", "Model", "", offers.models)}
          {text(
            "base",
            "Base",
            "A ref, or @label for another task’s branch.",
            labels.map((one) => `@${one}`),
          )}
          {choice("deliver", "Delivery", "", [
            usual(offers.deliver),
            ["report", "report: commits stay here"],
            ["branch", "branch: pushed, too"],
            ["pr", "pr: a pull request"],
          ])}
        </div>
        {typed.deliver === "pr" && (
          <label class="check">
            <input type="checkbox" checked={typed.draft} onChange={(event) => put("draft", event.currentTarget.checked)} />
            as a draft
          </label>
        )}
        {area(
          "verify",
          "Checks",
          offers.verify.length > 0
            ? `Commands, one a line. Configured: ${shownLine(offers.verify.join("; "), 120)}`
            : "Commands run afterwards as evidence, one a line, such as npm test.",
        )}
        <details class="card" open={tried && Object.keys(wrong).some((name) => name !== "prompt")}>
          <summary>More: order, limits, follow-ups, permissions</summary>
          <div class="pairs">
            {text("after", "After", "Labels it waits for, with commas between.", labels)}
            {choice("onFailure", "If one of them fails", "", [
              ["", "skip this task"],
              ["hold", "hold it until that is mended"],
            ])}
            {text("priority", "Priority", "Higher goes first; 0 is usual.")}
            {text("group", "Group", "A group has a limit of its own.", offers.groups)}
            {text("tags", "Tags", "With blanks between.")}
            {text("timeout", "Time limit", offers.timeout === null ? "Such as 45m." : `Configured: ${offers.timeout}`)}
            {text("maxCost", "Most it may cost", "In USD.")}
            {text("retries", "New attempts", `After a failed one; configured: ${offers.retries}.`)}
            {text("fix", "Mend", "How often work whose checks fail goes back to its agent.")}
            {choice("permissionMode", "Permission mode", "", [usual(""), ...offers.permissionModes.map((one) => [one, one] as const)])}
            {choice("notify", "Tell me", "", [
              usual(offers.notify),
              ["on-complete", "when it has ended"],
              ["on-block", "when it needs me"],
              ["always", "of both"],
              ["off", "of nothing"],
            ])}
          </div>
          {area("followUps", "Then", "Follow-up prompts for the same session, one a line.")}
          {area("allow", "Allow", "Permission rules it may use unasked, one a line.")}
          {text("exec", "A command instead of an agent", "Its words with blanks between, such as npm run lint:fix.")}
        </details>
        <CommandText line={lineOf(lever)} />
        {tried && Object.keys(wrong).length > 0 && (
          <p class="error" role="alert">
            {Object.values(wrong).join(" ")}
          </p>
        )}
        <div class="choices">
          <button type="submit" class="main" disabled={busy}>
            {busy ? "Starting …" : "Start it"}
          </button>
          <button
            type="button"
            onClick={() => {
              forget();
              setTyped(nothingTyped);
              setTried(false);
            }}
          >
            Clear
          </button>
        </div>
      </form>
    </section>
  );
}
