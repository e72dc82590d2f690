#!/bin/sh
# Stands in for Claude Code in a chain. With `-p` one step: notes "start <step> <prompt>" and "end <step>" in $NOTES, in between what the file $TO.<step> says. Without it a person's visit, until there is $TO.leave.
session='' talk=''
while [ $# -gt 0 ]; do
  case $1 in
    -p) talk=1 ;;
    --session-id | --resume) session=$2 && shift ;;
  esac
  shift
done
if [ -z "$talk" ]; then
  echo "visit $session" >> "$NOTES"
  until [ -e "$TO.leave" ]; do sleep 0.03; done
  echo "left" >> "$NOTES"
  exit 0
fi
read -r _open
read -r line
echo "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"$session\"}"
printf '%s\n' "start $COPSE_STEP $(printf '%s' "$line" | sed 's/.*"text":"\([^"]*\)".*/\1/')" >> "$NOTES"
if [ -e "$TO.$COPSE_STEP" ]; then . "$TO.$COPSE_STEP"; fi
echo "end $COPSE_STEP" >> "$NOTES"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"terminal_reason\":\"completed\",\"result\":\"answer $COPSE_STEP\",\"session_id\":\"$session\",\"usage\":{}}"
