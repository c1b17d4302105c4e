/**
 * The `codex` that stands in front of the official one on Linux, macOS and WSL: a POSIX script, because starting Node for
 * each command would cost more than everything the official native program does until its first line. It uses shell
 * built-ins only, starts no process unless the gateway is down, and always ends in an official program: whatever fails on
 * our side costs one line on standard error, never the command.
 */

/** What the script is made for; absolute paths, as they are at installation. */
export interface ShimFacts {
  /** The folder of the shim itself, to be left out when looking for another `codex`. */
  readonly folder: string;
  /** The Node that runs steward. */
  readonly node: string;
  /** Steward's entry file. */
  readonly steward: string;
  /** The official native program. */
  readonly native: string;
  /** What the official launcher tells the native program about its installation: it decides how `codex update` works. */
  readonly launcherEnv: Readonly<Record<string, string>>;
  /** The official package's own folder of tools (`rg`), which the launcher puts first on `PATH`; `null`: none. */
  readonly toolsFolder: string | null;
}

/** First words of every shim of ours, whatever its version or language; how one is recognised. */
export const SHIM_MARK = 'codex-steward shim';

/** Subcommands that make no model request (Codex 0.133 to 0.169): they go straight to the official program. */
export const DIRECT_SUBCOMMANDS = [
  'login',
  'logout',
  'mcp',
  'plugin',
  'completion',
  'update',
  'doctor',
  'sandbox',
  'debug',
  'apply',
  'a',
  'cloud',
  'features',
  'help',
  'exec-server',
  'remote-control',
] as const;

/** Options that take a value, which is not a subcommand (Codex 0.133 to 0.169). */
export const VALUE_OPTIONS = [
  '-c',
  '--config',
  '--enable',
  '--disable',
  '--remote',
  '--remote-auth-token-env',
  '-i',
  '--image',
  '-m',
  '--model',
  '--local-provider',
  '-p',
  '--profile',
  '-s',
  '--sandbox',
  '-a',
  '--ask-for-approval',
  '-C',
  '--cd',
  '--add-dir',
] as const;

/** The whole script. */
export function renderPosixShim(facts: ShimFacts): string {
  const exports = Object.entries(facts.launcherEnv)
    .map(([name, value]) => `    export ${name}=${quote(value)}\n`)
    .join('');
  const tools = facts.toolsFolder === null ? '' : `    PATH=${quote(facts.toolsFolder)}:$PATH\n`;
  return `#!/bin/sh
# ${SHIM_MARK}: made by "steward shim install", removed by "steward shim uninstall".
# Hands the account and remote-control commands to steward, and starts the official native codex for everything else,
# pointed at the gateway of this Codex home where rotation applies.
folder=${quote(facts.folder)}
node=${quote(facts.node)}
steward=${quote(facts.steward)}
native=${quote(facts.native)}
home=\${CODEX_HOME:-$HOME/.codex}

official() {
  if [ -x "$native" ]; then
${exports}${tools}    exec "$native" "$@"
  fi
  # It was moved or updated since: the next codex on PATH is the official one too.
  IFS=:
  for place in $PATH; do
    if [ "$place" != "$folder" ] && [ -x "$place/codex" ] && [ ! -d "$place/codex" ]; then
      unset IFS
      exec "$place/codex" "$@"
    fi
  done
  echo "codex: the official program is gone ($native): run 'steward doctor'" >&2
  exit 127
}

# Hands over to steward; comes back only when it cannot be started.
steward() {
  if [ -x "$node" ] && [ -r "$steward" ]; then exec "$node" "$steward" "$@"; fi
  echo "codex: steward is gone ($steward): 'npm install -g codex-steward' brings it back" >&2
}

case "\${1-}" in
  auth | multi-auth | multiauth) shift; steward auth "$@"; exit 127 ;;
  multi) if [ "\${2-}" = auth ]; then shift 2; steward auth "$@"; exit 127; fi ;;
  remote-control)
    shift
    # Alone it means: in the foreground.
    if [ $# -eq 0 ]; then steward remote foreground; else steward remote "$@"; fi
    official remote-control "$@" ;;
esac

rotation=\${CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY-}
case $rotation in 0 | false | no | off) official "$@" ;; esac
case "\${CODEX_MULTI_AUTH_BYPASS-}" in 1 | true | yes) official "$@" ;; esac

skip=
for word do
  if [ -n "$skip" ]; then
    # A base URL that the user gives by hand is the user's choice.
    case $word in openai_base_url=*) official "$@" ;; esac
    skip=
    continue
  fi
  case $word in
    --account | --account=*) steward run -- "$@"; exit 127 ;;
    ${VALUE_OPTIONS.join(' | ')}) skip=1 ;;
    --config=openai_base_url=* | -copenai_base_url=*) official "$@" ;;
    -h | --help | -V | --version) official "$@" ;;
    --) break ;;
    -*) ;;
    ${DIRECT_SUBCOMMANDS.join(' | ')}) official "$@" ;;
    *) break ;;
  esac
done

# The gateway's address, when its process is there.
find_gateway() {
  pid= url=
  [ -r "$home/steward/gateway.json" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *'"pid": '*) pid=\${line#*'"pid": '}; pid=\${pid%%[!0-9]*} ;;
      *'"baseUrl": "http://127.0.0.1:'*) url=\${line#*'"baseUrl": "'}; url=\${url%%'"'*} ;;
    esac
  done < "$home/steward/gateway.json"
  [ -n "$pid" ] && [ -n "$url" ] && kill -0 "$pid" 2> /dev/null || return 1
  # Somebody else may have that number by now.
  [ ! -r "/proc/$pid/cmdline" ] && return 0
  IFS= read -r line < "/proc/$pid/cmdline" || [ -n "$line" ] || return 1
  case $line in *gateway*serve*) return 0 ;; *) return 1 ;; esac
}

root=\${CODEX_MULTI_AUTH_DIR:-$home/multi-auth}

# Whether rotation was switched off for good; a variable that asks for it outweighs that.
is_off() {
  case $rotation in 1 | true | yes | on) return 1 ;; esac
  [ -r "$root/settings.json" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *'"codexRuntimeRotationProxy": false'* | *'"codexRuntimeRotationProxy":false'*) return 0 ;; esac
  done < "$root/settings.json"
  return 1
}

# Whether the pool has a second account: only then is the gateway worth a start.
has_second_account() {
  case $rotation in 1 | true | yes | on) return 0 ;; esac
  [ -d "$root/projects" ] && return 0
  seen=0
  for pool in "$root/openai-codex-accounts.json" "$root/openai-codex-accounts.steward.json"; do
    [ -r "$pool" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        *'"refreshToken"'*'"refreshToken"'*) return 0 ;;
        *'"refreshToken"'* | *'"apiKey"'*) seen=$((seen + 1)); [ "$seen" -gt 1 ] && return 0 ;;
      esac
    done < "$pool"
  done
  return 1
}

url=
if is_off; then official "$@"; fi
# Where projects may have pools of their own, steward finds out whether the gateway's is the one that is meant.
case \${CODEX_AUTH_PER_PROJECT_ACCOUNTS:-0}\${CODEX_MULTI_AUTH_SYNC_CODEX_CLI:-1}\${CODEX_AUTH_SYNC_CODEX_CLI:-1} in
  011) ;;
  *) steward run -- "$@"; official "$@" ;;
esac
if ! find_gateway; then
  url=
  if has_second_account && [ -x "$node" ] && [ -r "$steward" ]; then
    "$node" "$steward" gateway start --quiet >&2 < /dev/null
    find_gateway || url=
  fi
fi
[ -n "$url" ] || official "$@"
# Codex sends requests to loopback through a proxy too (0.133 to 0.169), which would not find us.
if [ -n "\${HTTP_PROXY-}\${http_proxy-}\${ALL_PROXY-}\${all_proxy-}" ]; then
  direct=\${NO_PROXY-\${no_proxy-}}
  export NO_PROXY="\${direct:+$direct,}127.0.0.1"
fi
official -c "openai_base_url=\\"$url\\"" "$@"
`;
}

/** A word for a POSIX shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
