/**
 * What starts the gateway again when it was killed or broke down, so that the sessions that were pointed at it go on: the shell that
 * started it waits for it. A waiting shell takes no processor time and a megabyte, where another Node would take forty.
 */

/** The gateway ended by itself and asks to be started again: something of ours broke. (`EX_TEMPFAIL` of sysexits.h.) */
export const START_AGAIN = 75;

/**
 * Ends of a process that nobody asked for: 128 and SIGILL, SIGTRAP (out of memory), SIGABRT, SIGBUS, SIGKILL, SIGSEGV. One that dies
 * again and again within a minute is left alone after six times; the next session starts it anew. Only the first one speaks to
 * whoever started it, and the shell itself never: nobody reads that pipe later on, and a word into it would be its end.
 */
const SCRIPT = `exec 3>&1 4>&2 > /dev/null 2>&1
tries=0
while :; do
  began=$(date +%s)
  (exec "$@" >&3 2>&4 3>&- 4>&-)
  code=$?
  case $code in ${START_AGAIN} | 132 | 133 | 134 | 135 | 137 | 139) ;; *) exit $code ;; esac
  exec 3> /dev/null 4>&3
  [ $(($(date +%s) - began)) -lt 60 ] || tries=0
  [ $tries -lt 6 ] || exit $code
  sleep $((tries * tries))
  tries=$((tries + 1))
done`;

/** The program and its arguments under such a shell; as they are on Windows, which has none. */
export function guarded(
  words: readonly [string, ...string[]],
  platform: NodeJS.Platform,
): readonly [string, ...string[]] {
  return platform === 'win32' ? words : ['/bin/sh', '-c', SCRIPT, 'steward-gateway-guard', ...words];
}
