#!/bin/sh
# Writes its start to $MARKS and becomes a `sleep` of $1 seconds: a program without handlers of its own.
printf 'start %s %s\n' "$COPSE_TASK_ID" "$COPSE_ATTEMPT" >> "$MARKS"
exec sleep "$1"
