#!/bin/sh
# One step of a chain: notes "start <step> <prompt>" and "end <step>" in $NOTES (whole lines, appended). In between it does what a file $TO.<step> tells it, if there is one.
prompt=$(cat)
echo "start $COPSE_STEP $prompt" >> "$NOTES"
[ "$prompt" = "$(cat "$COPSE_PROMPT_FILE")" ] || exit 9
if [ -e "$TO.$COPSE_STEP" ]; then . "$TO.$COPSE_STEP"; fi
echo "{\"copse\":\"summary\",\"text\":\"answer $COPSE_STEP\"}"
echo "end $COPSE_STEP" >> "$NOTES"
