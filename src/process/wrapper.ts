/**
 * The supervisor of a run: a POSIX-sh script in its own session and process group, so that nothing of ours that dies takes the run along.
 * It writes its claim with link(2), or leaves when a recovering runner was first; then the program runs with its output in files, and its exit code is written by rename,
 * again and again while the disk is full. Arguments: folder, `talk` or `read`, the program and its arguments.
 * In the folder: `claim`, `exit`, `out`, `err`, `first` (its first input); with `talk` also the pipe `in`, and `holder`, the pid that keeps it open.
 */
export const wrapper = `
d=$1; mode=$2; shift 2
if [ -r /proc/$$/stat ]; then
  read -r l < /proc/$$/stat; l=\${l##*) }; set -f; n=0
  for w in $l; do n=$((n+1)); [ $n = 20 ] && st=$w; done; set +f
  b=\${COPSE_BOOT_ID:-}; [ -n "$b" ] || read -r b < /proc/sys/kernel/random/boot_id
else
  st=$(LC_ALL=C TZ=UTC ps -o lstart= -p $$); st=$(echo $st); b=\${COPSE_BOOT_ID:-$(sysctl -n kern.boottime)}
fi
unset COPSE_BOOT_ID
b=$(printf '%s' "$b" | tr -d '"\\\\')
printf '{"pid":%s,"start":"%s","boot":"%s"}\\n' "$$" "$st" "$b" > "$d/claim.$$" || exit 120
ln "$d/claim.$$" "$d/claim" 2>/dev/null || { rm -f "$d/claim.$$"; exit 121; }
rm -f "$d/claim.$$"
trap : TERM INT HUP QUIT
if [ "$mode" = talk ]; then
  mkfifo -m 600 "$d/in" || exit 122
  sleep 2000000000 3<>"$d/in" </dev/null >/dev/null 2>&1 &
  h=$!
  echo $h > "$d/holder"
  cat "$d/first" > "$d/in" 2>/dev/null </dev/null &
  f=$!
  "$@" < "$d/in"; rc=$?
  kill $h $f 2>/dev/null
else
  "$@" < "$d/first"; rc=$?
fi
until printf '%s\\n' "$rc" > "$d/exit.tmp" && mv -f "$d/exit.tmp" "$d/exit"; do
  [ -d "$d" ] || exit 123
  sleep 1
done 2>/dev/null
`;
