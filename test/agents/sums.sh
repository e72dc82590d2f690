#!/bin/sh
# Notes the sha256 of what came on stdin and of the prompt file.
a=$(sha256sum | cut -d' ' -f1)
b=$(sha256sum < "$COPSE_PROMPT_FILE" | cut -d' ' -f1)
echo "$COPSE_LABEL $a $b" >> "$SUMS"
