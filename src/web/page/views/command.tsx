/** A command as it would be typed, with a button that copies it. */
import { useState } from "preact/hooks";
import { shown } from "../pure/text.ts";

export function CommandText({ line, label = "Command" }: { line: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(line).then(
      () => setCopied(true),
      () => setCopied(false),
    );
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="command">
      <code>
        <span class="unseen">{label}: </span>
        {shown(line)}
      </code>
      <button type="button" onClick={copy}>
        {copied ? "Copied" : "Copy"}
      </button>
      <span class="unseen" role="status">
        {copied ? "Copied to the clipboard" : ""}
      </span>
    </div>
  );
}
