#!/bin/sh
# Writes "start <id> <attempt>" and "end <id>" to $MARKS (whole lines, appended), works for $1 seconds in between, exits with code $2.
printf 'start %s %s\n' "$COPSE_TASK_ID" "$COPSE_ATTEMPT" >> "$MARKS"
sleep "$1"
printf 'end %s\n' "$COPSE_TASK_ID" >> "$MARKS"
exit "$2"
