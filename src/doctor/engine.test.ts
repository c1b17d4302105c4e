import { describe, expect, it } from 'vitest';
import { createHost } from '../host.ts';
import { finding } from '../knowledge/finding.ts';
import type { Check, CheckResult } from './check.ts';
import { createContext } from './context.ts';
import { runChecks } from './engine.ts';
import { createReport } from './report.ts';

const scope = {
  host: createHost({ env: {} }),
  home: { path: '/nowhere', source: 'env' as const },
  live: false,
  signal: new AbortController().signal,
};

function check(id: string, run: Check['run'], timeoutMs = 1_000): Check {
  return { id, category: 'test', title: `test of ${id}`, finds: [], timeoutMs, run };
}

const FINE: CheckResult = { status: 'ok', summary: 'fine', details: {}, problems: [] };

describe('runChecks', () => {
  it('keeps the order given, whichever check ends first', async () => {
    const slow = check('steward.slow', () => new Promise((resolve) => setTimeout(resolve, 20, FINE)));
    const runs = await runChecks([slow, check('steward.quick', async () => FINE)], createContext(scope));
    expect(runs.map((run) => run.check.id)).toEqual(['steward.slow', 'steward.quick']);
  });

  it('reports a check that throws as a problem of that check, and lets the others finish', async () => {
    const crash = check('steward.crash', async () => {
      throw new Error('disk on fire');
    });
    const [crashed, fine] = await runChecks(
      [crash, check('steward.fine', async () => FINE)],
      createContext(scope),
    );
    expect(crashed?.result.problems[0]?.finding).toMatchObject({
      id: 'doctor.check_failed',
      subject: 'steward.crash',
      severity: 'warn',
      evidence: [{ what: 'disk on fire' }],
    });
    expect(fine?.result.status).toBe('ok');
  });

  it('ends a check at its deadline, tells it by its signal, and never counts it as ok', async () => {
    let told = false;
    const hanging = check(
      'steward.hanging',
      (context) =>
        new Promise(() => {
          context.signal.addEventListener('abort', () => {
            told = true;
          });
        }),
      10,
    );
    const runs = await runChecks([hanging], createContext(scope));
    const report = createReport({ runs, codexHome: '/nowhere', codexVersion: null, now: 0 });
    expect(told).toBe(true);
    expect(report.checks['steward.hanging']?.status).toBe('warning');
    expect(report.findings[0]?.evidence[0]?.what).toBe('no answer within 0.01 s');
  });

  it('rejects when the run itself is cancelled', async () => {
    const cancel = new AbortController();
    const hanging = check('steward.hanging', () => new Promise(() => {}));
    const running = runChecks([hanging], createContext({ ...scope, signal: cancel.signal }));
    cancel.abort(new Error('interrupted by the user'));
    await expect(running).rejects.toThrow('interrupted by the user');
  });

  it('lets a cancelled check end what it started before the run is over', async () => {
    const cancel = new AbortController();
    let ended = false;
    const busy = check('steward.busy', async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
      return FINE;
    });
    const running = runChecks([busy], createContext({ ...scope, signal: cancel.signal }));
    setTimeout(() => cancel.abort(new Error('interrupted by the user')), 5);
    await expect(running).rejects.toThrow('interrupted by the user');
    expect(ended).toBe(true);
  });

  it('reads each fact once, however many checks ask for it', async () => {
    let readings = 0;
    const readAnswer = async () => {
      readings += 1;
      return 42;
    };
    const asking = (id: string) =>
      check(id, async (context) => ({ ...FINE, summary: String(await context.read(readAnswer)) }));
    const runs = await runChecks([asking('steward.a'), asking('steward.b')], createContext(scope));
    expect(runs.map((run) => run.result.summary)).toEqual(['42', '42']);
    expect(readings).toBe(1);
  });
});

describe('createReport', () => {
  const broken = (severity: 'fail' | 'warn', subject: string) => ({
    finding: finding('config.toml_syntax', { subject, severity, evidence: [] }),
  });

  it('sorts findings worst first and takes the overall status from the worst', async () => {
    const mixed = check('steward.mixed', async () => ({
      ...FINE,
      status: 'problems' as const,
      problems: [broken('warn', 'a'), broken('fail', 'b')],
    }));
    const runs = await runChecks([mixed], createContext(scope));
    const report = createReport({ runs, codexHome: '/nowhere', codexVersion: '0.1.0', now: 0 });
    expect(report.findings.map((found) => found.severity)).toEqual(['fail', 'warn']);
    expect(report.overallStatus).toBe('fail');
    expect(report.generatedAt).toBe('1970-01-01T00:00:00.000Z');
  });

  it('says a problem once when two checks met it, with the evidence of both', async () => {
    const seen = (id: string, where: string) =>
      check(id, async () => ({
        ...FINE,
        problems: [
          {
            finding: finding('config.toml_syntax', {
              subject: 'config.toml',
              evidence: [{ source: 'file' as const, where, what: '' }],
            }),
          },
        ],
      }));
    const runs = await runChecks([seen('steward.a', 'one'), seen('steward.b', 'two')], createContext(scope));
    const report = createReport({ runs, codexHome: '/nowhere', codexVersion: null, now: 0 });
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]?.evidence.map((evidence) => evidence.where)).toEqual(['one', 'two']);
  });
});
