#!/bin/sh
# Asks which database, works, asks whether that is right, takes up what it is told, and waits for $GO where there is one.
cat > /dev/null
say() { printf '{"copse":"activity","text":"%s"}\n' "$1"; }
if [ ! -e work.txt ]; then
  if [ -z "$COPSE_ANSWER" ]; then
    say "reading the schema"
    printf '{"copse":"question","text":"Which database?","options":["Postgres","SQLite"]}\n'
    exit 5
  fi
  printf 'database: %s\nport: 1\n' "$COPSE_ANSWER" > work.txt
  say "wrote work.txt"
  printf '{"copse":"question","text":"Is work.txt right?","options":["yes","no"]}\n'
  exit 5
fi
printf '%s\n' "$COPSE_ANSWER" > told.txt
for n in 1 2 3 4 5 6 7 8; do say "mending, step $n"; sleep 0.2; done
while [ -n "$GO" ] && [ ! -e "$GO" ]; do sleep 0.1; done
sed -i.bak 's/port: 1/port: 5432/' work.txt && rm work.txt.bak
printf '{"copse":"summary","text":"mended as told"}\n{"copse":"cost","usd":0.12,"inputTokens":1200,"outputTokens":300,"turns":3}\n'
