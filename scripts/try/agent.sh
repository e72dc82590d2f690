#!/bin/sh
# The demo's agent: a stand-in for Claude Code. It gets the prompt on standard input, works in the task's worktree,
# and tells what it does in JSON lines. What it does is in the file that has the task's name.
cat > /dev/null
say() { printf '{"copse":"activity","text":"%s"}\n' "$1"; sleep "$2"; }
sum() { printf '{"copse":"summary","text":"%s"}\n' "$1"; }
. "$(dirname "$0")/$COPSE_LABEL.sh"
