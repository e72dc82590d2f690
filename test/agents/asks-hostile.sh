#!/bin/sh
# Asks with a text that would steer a terminal, a markup parser or an option parser; with an answer it is done.
cat > /dev/null
if [ -z "$COPSE_ANSWER" ]; then
  printf '{"copse":"question","text":"--help <b>bold</b> & <img src=x> \\u001b]0;title\\u0007\\u202e done"}\n'
  exit 5
fi
echo "$COPSE_ANSWER" > answer.txt
