/**
 * Is the project's own `.codex/config.toml` in use? Codex ignores it in silence (0.133) or with a warning (0.169) until
 * the folder is trusted. A plain folder without such a file is no problem: nothing is said of it.
 */
import { dirname, join } from 'node:path';
import { readConfig } from '../../codex/config-file.ts';
import { isTrustedFolder, readConfigLayers } from '../../codex/config-layers.ts';
import { tomlKey } from '../../codex/toml.ts';
import { finding } from '../../knowledge/finding.ts';
import { isThere } from '../../storage/is-there.ts';
import type { Check } from '../check.ts';

/** Deeper than any project; ends a walk on an odd file system. */
const MAX_PARENTS = 40;

export const configTrustCheck: Check = {
  id: 'steward.config-trust',
  category: 'config',
  title: 'Trust of the current folder',
  finds: ['config.untrusted_dir'],
  timeoutMs: 3000,
  async run(context) {
    const { cwd } = context.host;
    const [config, layers, root] = await Promise.all([
      context.read(readConfig),
      context.read(readConfigLayers),
      gitRootOf(cwd),
    ]);
    const project = join(root ?? cwd, '.codex', 'config.toml');
    const value = config.kind === 'ok' ? config.value.value : {};
    const trusted = isTrustedFolder(value, cwd) || (root !== null && isTrustedFolder(value, root));
    const details = {
      folder: cwd,
      'git repository': root ?? 'none: codex exec needs --skip-git-repo-check here',
      trusted: String(trusted),
    };
    const isHome =
      project === config.path || layers.some(({ path, kind }) => kind === 'user' && path === project);
    if (trusted || isHome || !(await isThere(project))) {
      return {
        summary: trusted ? 'trusted' : 'nothing here needs trust',
        status: 'ok',
        details,
        problems: [],
      };
    }
    const folder = root ?? cwd;
    const problem = finding('config.untrusted_dir', {
      subject: folder,
      severity: 'info',
      title: "The project's configuration is not in use",
      evidence: [{ source: 'file', where: project, what: `${folder} is not trusted in ${config.path}` }],
      cause: `${project} is ignored, because ${folder} is not among the trusted projects of ${config.path}.`,
      summary: 'Trust the folder if you know what its configuration does.',
      steps: [
        `cat ${project}   # it can start programs (MCP servers)`,
        `cd ${folder} && codex   # and answer the question about trust`,
        `or add [${tomlKey(['projects', folder])}] with trust_level = "trusted" to ${config.path}`,
      ],
    });
    return { summary: problem.cause, status: 'problems', details, problems: [{ finding: problem }] };
  },
};

async function gitRootOf(folder: string): Promise<string | null> {
  let current = folder;
  for (let depth = 0; depth < MAX_PARENTS; depth += 1) {
    if (await isThere(join(current, '.git'))) return current;
    const parent = dirname(current);
    if (parent === current) return null;
    current = parent;
  }
  return null;
}
