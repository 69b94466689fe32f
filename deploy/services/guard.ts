/**
 * Shell program that runs a service as its child and never outlives, nor is outlived by, the one who started it.
 *
 * Its stdin is a pipe whose other end only our process holds. The kernel closes that end however we end, kill -9
 * included, on Linux and macOS alike; the watcher's `read` then returns and the service is ended, first gently, then
 * for good. Arguments: grace in tenths of a second, program, its arguments. fd 3: where the service's pid is told.
 */
export const GUARD_SCRIPT = `
grace=$1; shift
exec 4<&0 </dev/null
"$@" 3>&- 4<&- &
child=$!
echo "$child" >&3
exec 3>&- >/dev/null 2>&1
PATH=$PATH:/usr/bin:/bin
(
  trap '' TERM INT HUP
  read -r _ <&4
  kill -TERM "$child" 2>/dev/null
  n=0
  while [ "$n" -lt "$grace" ] && kill -0 "$child" 2>/dev/null; do
    sleep 0.1 || { sleep 1; n=$((n + 9)); }
    n=$((n + 1))
  done
  kill -KILL "$child" 2>/dev/null
) &
watcher=$!
exec 4<&-
trap 'kill -TERM "$child" 2>/dev/null' TERM INT HUP
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
kill -KILL "$watcher" 2>/dev/null
exit "$code"
`;
