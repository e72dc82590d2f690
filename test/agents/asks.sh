#!/bin/sh
# Asks a question and leaves.
echo '{"copse":"question","text":"Which one?","options":["a","b"]}'
exit 5
