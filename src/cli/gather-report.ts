/** Asks every room what it knows and hands it to the evidence room, for `report` and `bundle`. */
import type { CodexScope } from '../codex/home.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { LOG_SUBJECT } from '../doctor/log-subject.ts';
import type { DoctorReport } from '../doctor/report.ts';
import { selectChecks } from '../doctor/select.ts';
import { StewardError, systemCode } from '../errors.ts';
import {
  type CollectedReport,
  collectReport,
  type HealthReport,
  type JsonObject,
  type Unavailable,
} from '../evidence/health-report.ts';
import { LEFT_OUT } from '../evidence/log-privacy.ts';
import { readMachineSecrets } from '../evidence/machine-secrets.ts';
import { createScrubber, type Scrubber } from '../evidence/scrubber.ts';
import { summariseSignals } from '../evidence/signals/signal.ts';
import { readSignals } from '../evidence/signals/store.ts';
import { findGateway } from '../gateway-client/control-client.ts';
import { lookAtRemote } from '../remote/look.ts';
import { readShimState } from '../shim/shim-state.ts';
import { loadLiveView } from './commands/auth/live-view.ts';
import { reportToJson } from './commands/auth/report.ts';
import { gatewayToJson } from './commands/auth/rotation-status.ts';
import { ownProgram } from './own-program.ts';
import { startProgress } from './render/progress.ts';
import { redacted } from './render/redacted.ts';
import { lookToJson } from './render/remote-look.ts';
import type { Terminal } from './render/terminal.ts';

export interface GatheredReport extends CollectedReport<DoctorReport> {
  readonly scrubber: Scrubber;
}

/** The whole report, scrubbed. Asks servers only with `live`; a part that cannot be had says why. */
export async function gatherReport(
  scope: CodexScope,
  terminal: Terminal,
  live: boolean,
): Promise<GatheredReport> {
  const progress = startProgress(terminal, 'looking at this Codex install');
  try {
    const scrubber = createScrubber({
      secrets: await readMachineSecrets(scope),
      userHome: scope.host.userHome,
    });
    const { report: doctor } = await diagnose(selectChecks(CHECKS, []), { ...scope, live });
    progress.update('reading accounts, remote control and gateway');
    const quiet = { ...terminal, canRedraw: false }; // one line of progress at a time
    const { stewardVersion, ...program } = ownProgram();
    const [accounts, remote, gateway, shim, signals] = await Promise.all([
      part(async () => {
        const loaded = await loadLiveView(scope, quiet, { live, model: null, overlay: true });
        return reportToJson(scope, loaded, { live, explain: true });
      }),
      part(async () => lookToJson(redactedLook(await lookAtRemote(scope, { server: live })))),
      part(async () => gatewayToJson(await findGateway(scope))),
      part(async () => {
        const { official, ...state } = await readShimState(scope, program);
        return { ...state, official: official?.path ?? null };
      }),
      part(async () => {
        const { signals: all, machine } = await readSignals(scope);
        return Object.fromEntries(summariseSignals(all, machine));
      }),
    ]);
    const handedIn = {
      stewardVersion,
      live,
      doctor: redacted(doctor),
      accounts,
      remote,
      gateway,
      shim,
      signals,
    };
    const { report, recent } = await collectReport(scope, handedIn, scrubber);
    return { report: withoutQuotes(report), recent, scrubber };
  } finally {
    progress.stop();
  }
}

/** By the names of members too, where they are somebody else's: stored rows and the server's words. */
function redactedLook(look: Awaited<ReturnType<typeof lookAtRemote>>): typeof look {
  return { ...look, host: redacted(look.host), troubles: redacted(look.troubles) };
}

/** A finding may rest on a line of a log: what leaves this machine shows it as the report does, without a conversation. */
function withoutQuotes(report: HealthReport<DoctorReport>): HealthReport<DoctorReport> {
  const said = new Map(report.recentFailures.map(({ where, sample }) => [where, sample]));
  const findings = report.doctor.findings.map((finding) =>
    finding.subject !== LOG_SUBJECT
      ? finding
      : {
          ...finding,
          evidence: finding.evidence.map((each) => ({ ...each, what: said.get(each.where) ?? LEFT_OUT })),
        },
  );
  return { ...report, doctor: { ...report.doctor, findings } };
}

/** A damaged pool or a closed folder is what the report is about: it ends nothing. */
async function part(read: () => Promise<JsonObject>): Promise<JsonObject | Unavailable> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof StewardError ? error.code : systemCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    return { unavailable: { code, message: error.message } };
  }
}
