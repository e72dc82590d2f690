/** Opens an address in the person's browser, where there is a screen to show it on. The browser outlives us. */
import { spawn } from "node:child_process";
import { which } from "./which.ts";

const settleMs = 300;

/** @returns whether a browser was started, as far as can be told at once */
export async function openBrowser(url: string, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const command = browserOf(env, process.platform);
  const [file, ...args] = command ?? [];
  if (file === undefined) return false;
  return await new Promise<boolean>((resolve) => {
    const child = spawn(file, [...args.filter((arg) => arg !== "%s"), url], { detached: true, stdio: "ignore" });
    const timer = setTimeout(() => resolve(true), settleMs);
    const over = (opened: boolean) => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.once("error", () => over(false));
    child.once("exit", (code) => over(code === 0));
    child.unref();
  });
}

/** `$BROWSER`, else the system's own opener; undefined where nobody would see it (a machine one is logged in to from afar). */
export function browserOf(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  has: (name: string) => boolean = (name) => which(name, env) !== undefined,
): readonly string[] | undefined {
  const own = (env["BROWSER"] ?? "").split(":").map((one) => one.trim().split(/\s+/));
  const named = own.find(([name = ""]) => name !== "" && has(name));
  if (named !== undefined) return named;
  if (platform === "darwin") return env["SSH_CONNECTION"] === undefined && has("open") ? ["open"] : undefined;
  if (env["WSL_DISTRO_NAME"] !== undefined && has("wslview")) return ["wslview"];
  const screen = env["DISPLAY"] || env["WAYLAND_DISPLAY"];
  return screen && has("xdg-open") ? ["xdg-open"] : undefined;
}
