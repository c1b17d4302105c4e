/** Does every configuration file that Codex would load parse? */
import type { ConfigReading } from '../../codex/config-file.ts';
import { type ConfigLayer, readConfigLayers } from '../../codex/config-layers.ts';
import { finding } from '../../knowledge/finding.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { Check, FoundProblem, RepairRefusal } from '../check.ts';
import { planTextEdit } from '../repairs/config-edit.ts';
import { repairTomlText, type SyntaxRepair, spliceBetween } from '../repairs/config-syntax.ts';

type Malformed = Extract<ConfigReading, { kind: 'malformed' }>;
type Unreadable = Extract<ConfigReading, { kind: 'unreadable' }>;

/** What stands where the file should be makes it unusable whoever asks; `EACCES` is the affair of `state.permission`. */
const NOT_A_FILE = new Set(['EISDIR', 'ELOOP', 'NOT_A_FILE', 'TOO_LARGE']);

export const configSyntaxCheck: Check = {
  id: 'steward.config-syntax',
  category: 'config',
  title: 'Configuration files parse',
  finds: ['config.toml_syntax'],
  timeoutMs: 5000,
  async run(context) {
    const layers = await context.read(readConfigLayers);
    const problems = (await Promise.all(layers.map(problemOf))).filter((problem) => problem !== null);
    const denied = layers.filter(
      ({ reading }) => reading.kind === 'unreadable' && !NOT_A_FILE.has(reading.code),
    );
    const details = { files: layers.map((layer) => `${layer.kind}: ${layer.path} (${stateOf(layer)})`) };
    if (problems.length > 0) {
      return { summary: 'a configuration file cannot be loaded', status: 'problems', details, problems };
    }
    if (denied.length > 0) {
      const paths = denied.map((layer) => layer.path).join(', ');
      return { summary: `may not be read: ${paths}`, status: 'skipped', details, problems };
    }
    const present = layers.filter(({ reading }) => reading.kind === 'ok').length;
    const summary =
      present === 0 ? 'no configuration file: Codex runs with its defaults' : `${present} parsed`;
    return { summary, status: 'ok', details, problems };
  },
};

function stateOf({ reading }: ConfigLayer): string {
  return reading.kind === 'unreadable' ? reading.code : reading.kind;
}

async function problemOf(layer: ConfigLayer): Promise<FoundProblem | null> {
  const { reading } = layer;
  if (reading.kind === 'malformed') return malformedProblem(layer, reading);
  if (reading.kind === 'unreadable' && NOT_A_FILE.has(reading.code)) return notAFileProblem(layer, reading);
  return null;
}

async function malformedProblem(layer: ConfigLayer, reading: Malformed): Promise<FoundProblem> {
  const fault = reading.fault;
  const line = 'line' in fault ? fault.line : 1;
  const what = 'what' in fault ? fault.what : reading.message;
  const where = `${layer.path}:${line}`;
  const cause =
    'what' in fault
      ? `Line ${line} of ${layer.path} is not TOML (${what}), so Codex loads none of it and does not start.`
      : `${layer.path} is ${reading.message}, so Codex cannot read it and does not start.`;
  const repair = reading.text === null ? null : await repairTomlText(reading.text);
  const own = layer.kind === 'user';
  return {
    finding: finding('config.toml_syntax', {
      subject: layer.path,
      evidence: [{ source: 'config', where, what: `${what} (${reading.message})` }],
      cause,
      summary: own ? summaryOf(repair) : `Correct line ${line} of ${layer.path}.`,
      steps: [
        `Open ${layer.path} at line ${line}: ${what}.`,
        ...(own
          ? []
          : [
              layer.kind === 'project'
                ? 'It belongs to the project: change it there.'
                : 'It belongs to the administrator of this machine.',
            ]),
        'codex login status   # says "Error loading configuration" until it loads',
      ],
      ...(own
        ? { repairId: repairId(reading, repair) }
        : { actor: layer.kind === 'project' ? 'you' : 'admin' }),
    }),
    ...(own ? { plan: () => planOf(reading, repair) } : {}),
  };
}

function summaryOf(repair: SyntaxRepair | null): string {
  if (repair === null) return 'Move the file aside and start with the defaults; the old one stays beside it.';
  return repair.changes.length === 0 ? 'Save the file as UTF-8.' : `Repair ${repair.changes.join('; ')}.`;
}

function repairId(reading: Malformed, repair: SyntaxRepair | null): string {
  if (repair === null) return 'config.toml_syntax.move-aside';
  return 'what' in reading.fault ? 'config.toml_syntax.minimal-edit' : 'config.toml_syntax.re-encode';
}

async function planOf(reading: Malformed, repair: SyntaxRepair | null): Promise<RepairPlan | RepairRefusal> {
  const id = repairId(reading, repair);
  const summary = summaryOf(repair);
  if (reading.text === null || repair === null) return moveAside(reading.path, id, summary);
  if ('what' in reading.fault) {
    const input = { path: reading.path, text: reading.text, repairId: id, summary };
    return planTextEdit(input, [spliceBetween(reading.text, repair.text)]);
  }
  const expect = await fingerprint(reading.path);
  const step = { kind: 'write-file', path: reading.path, expect, content: repair.text, mode: 0o600 } as const;
  return { repairId: id, summary, steps: [step], requiresStopped: 'nothing' };
}

function notAFileProblem(layer: ConfigLayer, reading: Unreadable): FoundProblem {
  const own = layer.kind === 'user';
  const summary = `Move what stands at ${layer.path} aside.`;
  return {
    finding: finding('config.toml_syntax', {
      subject: layer.path,
      title: 'Configuration file cannot be read',
      evidence: [{ source: 'file', where: layer.path, what: `${reading.code}: ${reading.message}` }],
      cause: `${layer.path} is not a file that Codex can read (${reading.message}), so it does not start.`,
      summary,
      steps: [`ls -la ${layer.path}`, summary],
      ...(own ? { repairId: 'config.toml_syntax.move-aside' } : { actor: 'admin' }),
    }),
    ...(own ? { plan: () => moveAside(layer.path, 'config.toml_syntax.move-aside', summary) } : {}),
  };
}

async function moveAside(path: string, repairId: string, summary: string): Promise<RepairPlan> {
  return {
    repairId,
    summary,
    steps: [{ kind: 'move-aside', path, expect: await fingerprint(path), sidecars: [] }],
    requiresStopped: 'nothing',
  };
}
