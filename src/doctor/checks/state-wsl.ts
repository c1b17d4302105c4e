/** Do Windows and WSL work on the same databases: locks and shared memory do not reach across a Windows drive. */
import { readWslPair } from '../../codex/windows-wsl.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckResult } from '../check.ts';
import { shellWord } from './state-text.ts';

export const stateWslCheck: Check = {
  id: 'steward.state-wsl',
  category: 'state',
  title: 'Windows and WSL',
  finds: ['state.wsl_shared_home'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    const pair = await context.read(readWslPair);
    if (pair === null) return { status: 'skipped', summary: 'not WSL', details: {}, problems: [] };
    const { home, host } = context;
    const details = {
      'home of WSL': home.path,
      'homes of Windows': pair.windowsHomes.length > 0 ? pair.windowsHomes : 'none seen',
    };
    const drive = pair.databaseDrive;
    if (drive === null) {
      return { status: 'ok', summary: 'WSL has databases of its own', details, problems: [] };
    }
    const shared = pair.windowsHomes.includes(home.path);
    const own = `${host.userHome}/.codex-sqlite`;
    const evidence: Evidence[] = [
      { source: 'file', where: '/proc/mounts', what: `${drive.path} is a Windows drive (${drive.type})` },
    ];
    if (host.env.CODEX_HOME) evidence.push({ source: 'env', where: 'CODEX_HOME', what: host.env.CODEX_HOME });
    for (const path of pair.windowsHomes)
      evidence.push({ source: 'file', where: path, what: 'Codex home of a Windows user' });
    const problem = finding('state.wsl_shared_home', {
      subject: home.path,
      severity: 'warn',
      actor: 'you',
      command: null,
      cause: shared
        ? `Codex in WSL keeps its databases in ${home.path}, which is also the home of Codex on Windows: each overwrites what the other has open.`
        : `Codex in WSL keeps its databases on the Windows drive ${drive.path}, where SQLite's locks do not hold.`,
      evidence,
      summary: 'Give WSL databases of its own; settings, login and sessions may stay shared.',
      steps: [
        `mkdir -p ${shellWord(own, host.platform)}`,
        `echo 'export CODEX_SQLITE_HOME=${own}' >> ~/.profile, then open a new shell`,
        'codex: it lists the sessions anew from their files',
      ],
    });
    return {
      status: 'problems',
      summary: 'databases on a Windows drive',
      details,
      problems: [{ finding: problem }],
    };
  },
};
