/** The three descriptions of the gateway's service, in the words and the quoting of each system. */

/** A systemd user unit: comes back at once after a crash, and ever more slowly when it cannot start. */
export function systemdUnitText(words: readonly string[], variables: ReadonlyMap<string, string>): string {
  const environment = [...variables].map(
    ([name, value]) => `Environment=${systemdWord(`${name}=${value}`, { expandsDollar: false })}\n`,
  );
  return `[Unit]
Description=Gateway of codex-steward, for the Codex app
After=network.target
StartLimitIntervalSec=0

[Service]
ExecStart=${words.map((word) => systemdWord(word, { expandsDollar: true })).join(' ')}
${environment.join('')}Restart=always
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=60

[Install]
WantedBy=default.target
`;
}

/** A LaunchAgent. */
export function launchAgentText(
  label: string,
  words: readonly string[],
  variables: ReadonlyMap<string, string>,
): string {
  const strings = words.map((word) => `    <string>${xml(word)}</string>\n`).join('');
  const pairs = [...variables]
    .map(([name, value]) => `    <key>${xml(name)}</key>\n    <string>${xml(value)}</string>\n`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${strings}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${pairs}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
</dict>
</plist>
`;
}

/**
 * A task of the Task Scheduler. As XML, because the command line of `schtasks` can say neither that a task may run for more
 * than three days, nor that it may run on battery, and takes no more than 261 characters. PowerShell, because a task has no
 * environment of its own and is not started again when it ends.
 */
export function scheduledTaskText(words: readonly string[], variables: ReadonlyMap<string, string>): string {
  const set = [...variables].map(([name, value]) => `$env:${name} = ${powershellWord(value)}; `).join('');
  const call = words.map(powershellWord).join(' ');
  const script = `${set}while ($true) { & ${call}; Start-Sleep -Seconds 1 }`;
  const line = `-NoProfile -NonInteractive -WindowStyle Hidden -Command "${script.replaceAll('"', '\\"')}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Gateway of codex-steward, for the Codex app</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Hidden>true</Hidden>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>powershell.exe</Command>
      <Arguments>${xml(line)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/**
 * systemd.service(5) and systemd.exec(5): within double quotes `\` escapes, `%` stands for itself when doubled, and so does
 * `$` in a command line, but not in `Environment=`.
 */
function systemdWord(text: string, { expandsDollar }: { readonly expandsDollar: boolean }): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%');
  const whole = expandsDollar ? escaped.replaceAll('$', '$$$$') : escaped;
  return /^[\w@./:=+-]+$/.test(whole) ? whole : `"${whole}"`;
}

/** In single quotes everything stands for itself but the quote. */
function powershellWord(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
