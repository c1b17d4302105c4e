/** `steward auth config explain`: each setting in effect, where it comes from, and how to change it. */
import { explainSettings } from '../../../accounts/store/settings-store.ts';
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { columns, tilde } from '../../render/layout.ts';

export interface ConfigExplainOptions {
  readonly json?: boolean;
}

const SOURCE_WORDS = { env: 'variable', file: 'file', default: 'default' } as const;

/** Shows them; reads only. */
export async function runConfigExplain(options: ConfigExplainOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, {
    command: 'config explain',
    json: options.json,
    readOnly: true,
  });
  const { scope, terminal } = session;
  const { path, entries, others, warnings } = await explainSettings(scope);
  session.answer({
    configPath: path,
    storageKind: path === null ? 'default' : 'file',
    entries,
    otherKeys: others,
    warnings,
  });
  session.say(`Settings: ${path === null ? 'no file; all defaults' : tilde(path, scope.host.userHome)}`);
  const rows = entries.map(({ key, value, source, envNames }) => [
    source === 'default' ? key : terminal.paint('bold', key),
    String(value),
    SOURCE_WORDS[source],
    terminal.paint('dim', envNames.join(', ')),
  ]);
  for (const line of columns(rows)) session.say(line);
  if (others.length > 0) session.say(`Kept for other tools, of no effect here: ${others.join(', ')}`);
  for (const warning of warnings) session.say(`${terminal.paint('yellow', '▲')} ${warning}`);
  return EXIT.ok;
}
