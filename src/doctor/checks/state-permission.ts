/** Can this user read and write the Codex home, and can nobody else read its credentials. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type HomeTree, readHomeTree, type TreeEntry } from '../../codex/home-tree.ts';
import { readWslPair } from '../../codex/windows-wsl.ts';
import { systemCode } from '../../errors.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planFoldersAside, planModes, planOwner } from '../repairs/state-permission.ts';
import { notFiles } from './state-not-a-file.ts';
import { shellWord } from './state-text.ts';

/** Beyond this the person gets one command instead of a list of steps. */
const MAX_STEPS = 200;
const SHOWN = 6;
/** Files that Codex must be able to write. `config.toml` is not among them: some people keep it read-only. */
const WRITTEN =
  /\.sqlite(-wal|-shm)?$|^auth\.json$|^installation_id$|^history\.jsonl$|^rollout-.*\.jsonl$|^\.codex-global-state\.json(\.bak)?$|^app-server.*\.pid$/;
const READ = /^config\.toml$|^AGENTS\.md$|^\.env$|^settings\.json$/;
/** Where a folder makes every Codex fail ("Is a directory (os error 21)"). Databases have their own check. */
const FILES_ONLY = /^(installation_id|auth\.json|history\.jsonl)$/;

export const statePermissionCheck: Check = {
  id: 'steward.state-permission',
  category: 'state',
  title: 'permissions of the Codex home',
  finds: ['state.permission'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    if (context.host.platform === 'win32') {
      return {
        status: 'skipped',
        summary: 'Windows permissions are not looked at',
        details: {},
        problems: [],
      };
    }
    const tree = await context.read(readHomeTree);
    if (tree.kind === 'missing')
      return { status: 'skipped', summary: 'no Codex home yet', details: {}, problems: [] };
    if (tree.kind !== 'ok') {
      const problems = tree.kind === 'unreadable' ? [unreachable(context, tree.message)] : [];
      return { status: 'problems', summary: tree.message, details: {}, problems };
    }
    const owner = await expectedOwner(context, tree.value);
    const onDrive = (await context.read(readWslPair))?.homeDrive != null;
    const problems = [
      ...foreignOwner(context, tree.value, owner),
      // A Windows drive without metadata shows every file as 0777.
      ...(onDrive ? [] : [...wrongModes(context, tree.value, owner), ...openCredentials(tree.value, owner)]),
      ...foldersForFiles(tree.value),
      ...(await notFiles(tree.value)),
    ];
    const count = `${tree.value.entries.length}${tree.value.capped ? ' (of more)' : ''} entries`;
    return {
      status: problems.length > 0 ? 'problems' : 'ok',
      summary:
        problems.length > 0
          ? `${count}, ${problems.length} with wrong owner or mode`
          : `${count}, owner and modes as they should be`,
      details: owner === null ? {} : { owner: `uid ${owner}` },
      problems,
    };
  },
};

/**
 * Root may look at somebody's home after `sudo`: then it is whoever owns the Codex home, or, where `sudo` has made that
 * too, the user's home folder.
 */
async function expectedOwner({ host }: CheckContext, tree: HomeTree): Promise<number | null> {
  if (host.uid === undefined) return null;
  if (host.uid !== 0) return host.uid;
  if (tree.root.uid !== 0) return tree.root.uid;
  try {
    return (await stat(host.userHome)).uid;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return null;
  }
}

function foreignOwner(context: CheckContext, tree: HomeTree, owner: number | null): readonly FoundProblem[] {
  if (owner === null) return [];
  const foreign = [tree.root, ...tree.entries].filter(
    (entry) => entry.uid !== owner && entry.kind !== 'link',
  );
  if (foreign.length === 0) return [];
  const { host, home } = context;
  const command = `sudo chown -R ${owner} ${shellWord(home.path, host.platform)}`;
  const mayRepair = host.uid === 0 && foreign.length <= MAX_STEPS && !tree.capped;
  const roots = foreign.filter((entry) => entry.uid === 0).length;
  const whose =
    roots === foreign.length ? 'root, as after "sudo codex"' : `another user (uid ${foreign[0]?.uid})`;
  const repairId = 'state.permission.owner';
  const common = {
    subject: 'owner',
    cause: `${foreign.length}${tree.capped ? ' or more' : ''} of the files in ${home.path} belong to ${whose}, and Codex as uid ${owner} cannot write them.`,
    evidence: shown(foreign, (entry) => `owned by uid ${entry.uid}, mode ${octal(entry.mode)}`),
    summary: `Give them back to uid ${owner}, and start Codex without sudo.`,
    steps: [command, 'Start Codex without sudo'],
  };
  if (!mayRepair) {
    return [{ finding: finding('state.permission', { ...common, actor: 'you', command }) }];
  }
  return [
    {
      finding: finding('state.permission', { ...common, repairId }),
      plan: () => planOwner(foreign, owner, repairId),
    },
  ];
}

function wrongModes(context: CheckContext, tree: HomeTree, owner: number | null): readonly FoundProblem[] {
  if (owner === null) return [];
  const wrong = [tree.root, ...tree.entries].filter(
    (entry) => entry.uid === owner && missingBits(entry) !== 0,
  );
  if (wrong.length === 0) return [];
  const repairId = 'state.permission.mode';
  const command = `chmod -R u+rwX ${shellWord(context.home.path, context.host.platform)}`;
  const tooMany = wrong.length > MAX_STEPS;
  return [
    {
      finding: finding('state.permission', {
        subject: 'mode',
        severity: owner === 0 ? 'warn' : 'fail', // root gets past modes, unless a container took that right away
        cause: `${wrong.length} of the files in ${context.home.path} deny their own user what Codex needs, first ${wrong[0]?.path} (mode ${octal(wrong[0]?.mode ?? 0)}).`,
        evidence: shown(wrong, (entry) => `${entry.kind} with mode ${octal(entry.mode)}`),
        summary: 'Give the owner back the right to read and write them.',
        steps: wrong
          .slice(0, SHOWN)
          .map(
            ({ path, kind }) =>
              `chmod ${kind === 'folder' ? 'u+rwx' : 'u+rw'} ${shellWord(path, context.host.platform)}`,
          ),
        ...(tooMany ? { actor: 'you', command, steps: [command] } : { repairId }),
      }),
      ...(tooMany
        ? {}
        : {
            plan: () =>
              planModes(
                wrong.map((entry) => ({ entry, mode: entry.mode | missingBits(entry) })),
                repairId,
              ),
          }),
    },
  ];
}

/** The owner's permission bits that Codex needs on that entry and that are not there. */
function missingBits(entry: TreeEntry): number {
  const name = basename(entry.path);
  if (entry.kind === 'folder') return 0o700 & ~entry.mode;
  if (entry.kind !== 'file') return 0;
  if (WRITTEN.test(name)) return 0o600 & ~entry.mode;
  return READ.test(name) ? 0o400 & ~entry.mode : 0;
}

function openCredentials(tree: HomeTree, owner: number | null): readonly FoundProblem[] {
  const auth = tree.entries.find(
    (entry) => entry.path === join(tree.root.path, 'auth.json') && entry.kind === 'file',
  );
  if (auth === undefined || owner === null || (auth.mode & 0o077) === 0) return [];
  const repairId = 'state.permission.credentials';
  return [
    {
      finding: finding('state.permission', {
        subject: auth.path,
        severity: 'warn',
        title: 'Credentials readable by others',
        cause: `${auth.path} has mode ${octal(auth.mode)}: other users of this machine can read the login of Codex.`,
        evidence: [
          { source: 'file', where: auth.path, what: `mode ${octal(auth.mode)}; Codex itself makes it 0600` },
        ],
        summary: 'Make it readable by its owner only (0600).',
        steps: [`chmod 600 ${shellWord(auth.path, 'linux')}`],
        repairId,
      }),
      plan: () => planModes([{ entry: auth, mode: 0o600 }], repairId),
    },
  ];
}

function foldersForFiles(tree: HomeTree): readonly FoundProblem[] {
  const folders = tree.entries.filter(
    (entry) =>
      entry.kind === 'folder' &&
      dirname(entry.path) === tree.root.path &&
      FILES_ONLY.test(basename(entry.path)),
  );
  const repairId = 'state.permission.folder_for_file';
  return folders.map((entry) => ({
    finding: finding('state.permission', {
      subject: entry.path,
      title: 'A folder stands where a file should be',
      cause: `${entry.path} is a folder, often left by a container mount; Codex stops with "Is a directory (os error 21)".`,
      evidence: [{ source: 'file', where: entry.path, what: 'a folder' }],
      summary: 'Set the folder aside; Codex makes the file.',
      steps: [],
      repairId,
    }),
    plan: () => planFoldersAside([entry], repairId),
  }));
}

function unreachable(context: CheckContext, message: string): FoundProblem {
  const { home, host } = context;
  const command = `sudo chown -R ${host.uid ?? '"$(id -u)"'} ${shellWord(home.path, host.platform)}`;
  return {
    finding: finding('state.permission', {
      subject: home.path,
      cause: `The Codex home ${home.path} cannot be looked into: ${message}.`,
      evidence: [{ source: 'file', where: home.path, what: message }],
      actor: 'you',
      command,
      steps: [command],
    }),
  };
}

function shown(entries: readonly TreeEntry[], what: (entry: TreeEntry) => string): readonly Evidence[] {
  return entries
    .slice(0, SHOWN)
    .map((entry): Evidence => ({ source: 'file', where: entry.path, what: what(entry) }));
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`;
}
