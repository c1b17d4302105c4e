/**
 * The same `codex` for Windows: a PowerShell script does the work, and a batch file for cmd.exe hands over to it, because
 * batch cannot pass on quotes and percent signs unharmed in a loop over its arguments.
 */
import { DIRECT_SUBCOMMANDS, SHIM_MARK, type ShimFacts, VALUE_OPTIONS } from './script-posix.ts';

/** `codex.ps1`. */
export function renderPowershellShim(facts: ShimFacts): string {
  const env = Object.entries(facts.launcherEnv)
    .map(([name, value]) => `    $env:${name} = ${literal(value)}\n`)
    .join('');
  const tools =
    facts.toolsFolder === null
      ? ''
      : `    $env:PATH = ${literal(facts.toolsFolder)} + [IO.Path]::PathSeparator + $env:PATH\n`;
  return `# ${SHIM_MARK}: made by "steward shim install", removed by "steward shim uninstall".
$folder = ${literal(facts.folder)}
$node = ${literal(facts.node)}
$steward = ${literal(facts.steward)}
$native = ${literal(facts.native)}
$codexHome = if ($env:CODEX_HOME) { $env:CODEX_HOME } else { Join-Path $HOME '.codex' }
$words = @($args)

function Start-Official($words) {
  if (Test-Path -LiteralPath $native -PathType Leaf) {
${env}${tools}    & $native @words
    exit $LASTEXITCODE
  }
  $other = Get-Command codex -All -CommandType Application, ExternalScript -ErrorAction SilentlyContinue |
    Where-Object { (Split-Path -Parent $_.Source) -ne $folder } | Select-Object -First 1
  if ($other) { & $other.Source @words; exit $LASTEXITCODE }
  [Console]::Error.WriteLine("codex: the official program is gone ($native): run 'steward doctor'")
  exit 127
}

# Comes back only when steward cannot be started.
function Start-Steward($words) {
  if ((Test-Path -LiteralPath $node) -and (Test-Path -LiteralPath $steward)) {
    & $node $steward @words
    exit $LASTEXITCODE
  }
  [Console]::Error.WriteLine("codex: steward is gone ($steward): 'npm install -g codex-steward' brings it back")
}

$first = if ($words.Count -gt 0) { "$($words[0])" } else { '' }
$second = if ($words.Count -gt 1) { "$($words[1])" } else { '' }
if ($first -in 'auth', 'multi-auth', 'multiauth') {
  Start-Steward (@('auth') + @($words | Select-Object -Skip 1)); exit 127
}
if ($first -eq 'multi' -and $second -eq 'auth') {
  Start-Steward (@('auth') + @($words | Select-Object -Skip 2)); exit 127
}
if ($first -eq 'remote-control') {
  $rest = if ($words.Count -eq 1) { @('foreground') } else { @($words | Select-Object -Skip 1) }
  Start-Steward (@('remote') + $rest); Start-Official $words
}

$rotation = "$env:CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY"
if ($rotation -in '0', 'false', 'no', 'off') { Start-Official $words }
if ($env:CODEX_MULTI_AUTH_BYPASS -in '1', 'true', 'yes') { Start-Official $words }

$skip = $false
foreach ($word in $words) {
  $word = "$word"
  if ($skip) {
    if ($word -like 'openai_base_url=*') { Start-Official $words }
    $skip = $false
    continue
  }
  if ($word -eq '--account' -or $word -like '--account=*') { Start-Steward (@('run', '--') + $words); exit 127 }
  if ($word -cin ${VALUE_OPTIONS.map(literal).join(', ')}) { $skip = $true; continue }
  if ($word -like '--config=openai_base_url=*' -or $word -like '-copenai_base_url=*') { Start-Official $words }
  if ($word -cin '-h', '--help', '-V', '--version') { Start-Official $words }
  if ($word -eq '--') { break }
  if ($word.StartsWith('-')) { continue }
  if ($word -cin ${DIRECT_SUBCOMMANDS.map(literal).join(', ')}) { Start-Official $words }
  break
}

function Find-Gateway {
  try {
    $gateway = Get-Content -Raw -LiteralPath (Join-Path $codexHome 'steward/gateway.json') -ErrorAction Stop | ConvertFrom-Json
    $process = Get-Process -Id $gateway.pid -ErrorAction Stop
    if ($process.ProcessName -like 'node*' -and $gateway.baseUrl -like 'http://127.0.0.1:*') { return $gateway.baseUrl }
  } catch { }
  return $null
}

$root = if ($env:CODEX_MULTI_AUTH_DIR) { $env:CODEX_MULTI_AUTH_DIR } else { Join-Path $codexHome 'multi-auth' }

function Test-Off {
  if ($rotation -in '1', 'true', 'yes', 'on') { return $false }
  $settings = Get-Content -Raw -LiteralPath (Join-Path $root 'settings.json') -ErrorAction SilentlyContinue
  return $settings -match '"codexRuntimeRotationProxy":\\s*false'
}

function Test-SecondAccount {
  if ($rotation -in '1', 'true', 'yes', 'on') { return $true }
  if (Test-Path -LiteralPath (Join-Path $root 'projects')) { return $true }
  $seen = 0
  foreach ($name in 'openai-codex-accounts.json', 'openai-codex-accounts.steward.json') {
    $pool = Get-Content -Raw -LiteralPath (Join-Path $root $name) -ErrorAction SilentlyContinue
    if ($pool) { $seen += [regex]::Matches($pool, '"(refreshToken|apiKey)"').Count }
  }
  return $seen -gt 1
}

if (Test-Off) { Start-Official $words }
# Where projects may have pools of their own, steward finds out whether the gateway's is the one that is meant.
if (($env:CODEX_AUTH_PER_PROJECT_ACCOUNTS -and $env:CODEX_AUTH_PER_PROJECT_ACCOUNTS -ne '0') -or $env:CODEX_MULTI_AUTH_SYNC_CODEX_CLI -eq '0' -or $env:CODEX_AUTH_SYNC_CODEX_CLI -eq '0') {
  Start-Steward (@('run', '--') + $words)
  Start-Official $words
}
$url = Find-Gateway
if (-not $url -and (Test-SecondAccount) -and (Test-Path -LiteralPath $node) -and (Test-Path -LiteralPath $steward)) {
  & $node $steward gateway start --quiet | ForEach-Object { [Console]::Error.WriteLine($_) }
  $url = Find-Gateway
}
if (-not $url) { Start-Official $words }
# Codex sends requests to loopback through a proxy too, which would not find us.
if ($env:HTTP_PROXY -or $env:ALL_PROXY) {
  $env:NO_PROXY = if ($env:NO_PROXY) { "$env:NO_PROXY,127.0.0.1" } else { '127.0.0.1' }
}
Start-Official (@('-c', "openai_base_url=""$url""") + $words)
`;
}

/** `codex.cmd`. */
export function renderBatchShim(facts: ShimFacts): string {
  return [
    '@echo off',
    `rem ${SHIM_MARK}: made by "steward shim install", removed by "steward shim uninstall".`,
    `powershell.exe -NoLogo -NoProfile -ExecutionPolicy Bypass -File "${facts.folder.replaceAll('%', '%%')}\\codex.ps1" %*`,
    'exit /b %ERRORLEVEL%',
    '',
  ].join('\r\n');
}

/** A word for PowerShell, whatever is in it. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
