/**
 * Does Codex accept every entry of the configuration? Asked of our measured rules, which name all refused entries, and
 * of the installed Codex itself, which knows its own version best and has the last word.
 */
import { activeBinary, readCodexBinaries, usableNative } from '../../codex/binaries.ts';
import type { ConfigFault } from '../../codex/config-fault.ts';
import type { ConfigFile } from '../../codex/config-file.ts';
import { judgeNamedFiles } from '../../codex/config-files-named.ts';
import { concerns, judgeConfig } from '../../codex/config-judge.ts';
import { type ConfigLayer, readConfigLayers } from '../../codex/config-layers.ts';
import { type ConfigPositions, locateKeys } from '../../codex/config-positions.ts';
import { readProfileFiles } from '../../codex/config-profiles.ts';
import { askCodexAboutConfig, type ConfigVerdict } from '../../codex/config-verdict.ts';
import { tomlKey } from '../../codex/toml.ts';
import { finding } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';
import { planConfigFault, repairIdOf } from '../repairs/config-value.ts';
import { refusedProblem } from './config-refused.ts';

export const configValuesCheck: Check = {
  id: 'steward.config-values',
  category: 'config',
  title: 'Codex accepts the configuration',
  finds: ['config.invalid_value', 'config.deprecated_field'],
  timeoutMs: 8000,
  startsProgram: true,
  async run(context) {
    const [layers, profiles, binaries] = await Promise.all([
      context.read(readConfigLayers),
      context.read(readProfileFiles),
      context.read(readCodexBinaries),
    ]);
    const asked = usableNative(binaries);
    const version = asked?.version ?? activeBinary(binaries)?.version ?? null;
    const files = [...layers, ...profiles].flatMap(({ kind, path, reading }) =>
      reading.kind === 'ok' && kind !== 'requirements' ? [{ kind, path, file: reading.value }] : [],
    );
    const user = files.find(({ kind }) => kind === 'user');
    const native = asked?.native ?? null;
    const verdict: ConfigVerdict =
      user && native !== null
        ? await askCodexAboutConfig(context.host, native, user.file.text, context.signal)
        : { kind: 'unknown', reason: native === null ? 'no Codex to ask' : 'no configuration file' };

    const problems: FoundProblem[] = [];
    for (const file of files) {
      const itsVerdict = file.kind === 'user' ? verdict : null;
      problems.push(...(await problemsOf(context, file, version, itsVerdict)));
    }
    const details = {
      files: files.map(({ kind, path }) => `${kind}: ${path}`),
      'Codex version': version ?? 'unknown',
      "Codex's own verdict": verdict.kind === 'unknown' ? `not asked: ${verdict.reason}` : verdict.kind,
    };
    const unread = layers.filter(
      ({ reading }) => reading.kind === 'malformed' || reading.kind === 'unreadable',
    );
    if (problems.length > 0) {
      return {
        summary: `${problems.length} entries that Codex does not accept`,
        status: 'problems',
        details,
        problems,
      };
    }
    if (unread.length > 0) {
      return {
        summary: 'not all of it can be read, see steward.config-syntax',
        status: 'skipped',
        details,
        problems,
      };
    }
    return {
      summary: files.length === 0 ? 'nothing is configured' : 'every entry is accepted',
      status: 'ok',
      details,
      problems,
    };
  },
};

interface JudgedFile {
  readonly kind: ConfigLayer['kind'] | 'profile';
  readonly path: string;
  readonly file: ConfigFile;
}

async function problemsOf(
  context: CheckContext,
  judged: JudgedFile,
  version: string | null,
  verdict: ConfigVerdict | null,
): Promise<readonly FoundProblem[]> {
  const missing = await judgeNamedFiles(context, judged.path, judged.file);
  if (verdict?.kind === 'accepted' && missing.length === 0) return [];
  const faults = [...(verdict?.kind === 'accepted' ? [] : await judgeConfig(judged.file.text)), ...missing];
  if (faults.length === 0 && verdict?.kind !== 'refused') return [];

  const positions = await locateKeys(judged.file.text);
  const line = (fault: ConfigFault) => positions.find(fault.key)?.line ?? null;
  const refusedLine = verdict?.kind === 'refused' ? verdict.line : null;
  const ours = faults.filter(
    (fault) => concerns(fault.era, version) || (refusedLine !== null && line(fault) === refusedLine),
  );
  const problems = ours.map((fault) => faultProblem(judged, fault, positions));
  if (verdict?.kind === 'refused' && problems.length === 0) {
    problems.push(refusedProblem(judged.path, judged.file.text, verdict, positions, version));
  }
  return problems;
}

function faultProblem(judged: JudgedFile, fault: ConfigFault, positions: ConfigPositions): FoundProblem {
  const { path, file, kind } = judged;
  const name = tomlKey(fault.key);
  const line = positions.find(fault.key)?.line;
  const where = line === undefined ? path : `${path}:${line}`;
  const id = fault.kind === 'deprecated' ? 'config.deprecated_field' : 'config.invalid_value';
  const own = kind === 'user' || kind === 'profile';
  const cause =
    fault.kind === 'deprecated'
      ? `${name} in ${path} is ${fault.found}, which Codex no longer takes (now: ${fault.expected}), so it loads none of the file.`
      : `${name} in ${path} is ${fault.found} where Codex wants ${fault.expected}, so it loads none of the file.`;
  const change =
    fault.correction.kind === 'edit' ? fault.correction.what : `comment it out: ${fault.correction.what}`;
  const common = {
    subject: `${kind === 'user' ? '' : `${path} `}${name}`,
    evidence: [
      { source: 'config', where, what: redact(`${name} is ${fault.found}; wanted: ${fault.expected}`) },
    ],
    cause: redact(cause),
    summary: `In ${path}, ${name}: ${change}.`,
    steps: [
      `Open ${path}${line === undefined ? '' : ` at line ${line}`}.`,
      `${name}: ${change}.`,
      'codex login status',
    ],
  } as const;
  if (!own) return { finding: finding(id, { ...common, actor: kind === 'project' ? 'you' : 'admin' }) };
  return {
    finding: finding(id, { ...common, repairId: repairIdOf(fault) }),
    plan: () => planConfigFault(path, file, fault),
  };
}
