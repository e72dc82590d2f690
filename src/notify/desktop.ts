/** The desktop, by the platform's own tool: notify-send, osascript, or a Windows toast from WSL. Texts go as arguments behind `--` or by the environment, never as code. */
import { runCommand } from "../system/command.ts";
import { which } from "../system/which.ts";
import type { Notice, Notifier } from "./notifier.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The tool of this machine, or undefined when there is none. */
export function desktop(env: Env = process.env): Notifier | undefined {
  if (process.platform === "darwin") return tool("osascript", (notice) => ["-e", appleScript, "--", notice.title, notice.body], env);
  if (env["WSL_DISTRO_NAME"] && which("powershell.exe", env))
    return tool("powershell.exe", (notice) => ["-NoProfile", "-EncodedCommand", toast(notice)], env);
  return which("notify-send", env) === undefined
    ? undefined
    : tool(
        "notify-send",
        (notice) => [
          "--app-name=Copse",
          `--urgency=${notice.urgent ? "critical" : "normal"}`,
          "--",
          notice.title,
          escapeMarkup(notice.body),
        ],
        env,
      );
}

const appleScript = "on run texts\ndisplay notification (item 2 of texts) with title (item 1 of texts)\nend run";

function tool(name: string, args: (notice: Notice) => string[], env: Env): Notifier {
  return {
    name: "desktop",
    async send(notice) {
      const { exitCode, stderr } = await runCommand(name, args(notice), { timeoutMs: 10_000, env: withBus(env) });
      if (exitCode !== 0) throw new Error(`${name}: ${stderr.trim().slice(0, 200) || `exit code ${exitCode}`}`);
    },
  };
}

/** A runner that was started from ssh or cron knows no session bus; the usual place of a person's own is tried. */
function withBus(env: Env): Record<string, string> {
  const known = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const uid = process.getuid?.();
  return known["DBUS_SESSION_BUS_ADDRESS"] || uid === undefined
    ? known
    : { ...known, DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus` };
}

/** Notification bodies are Pango markup on Linux. */
const escapeMarkup = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A toast whose texts are base64 inside of base64: nothing of them is ever parsed as PowerShell or XML. */
function toast(notice: Notice): string {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  const decode = (text: string) => `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${encode(text)}'))`;
  const script = `[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime]
$x=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$t=$x.GetElementsByTagName('text')
[void]$t.Item(0).AppendChild($x.CreateTextNode(${decode(notice.title)}))
[void]$t.Item(1).AppendChild($x.CreateTextNode(${decode(notice.body)}))
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('Copse').Show([Windows.UI.Notifications.ToastNotification]::new($x))`;
  return Buffer.from(script, "utf16le").toString("base64");
}
