/** Every program that answers to `codex` here, what installed it, and who else works on its accounts. */
import {
  type CompanionInstall,
  findCompanionInstalls,
} from '../accounts/actions/doctor/companion-installs.ts';
import { activeBinary, type CodexBinary, readCodexBinaries, workingBinary } from '../codex/binaries.ts';
import type { CodexScope } from '../codex/home.ts';

export interface InstallFacts {
  /** What a shell starts, with version and origin of the copy that works then; `null` where it starts nothing. */
  readonly active: { readonly path: string; readonly version: string | null; readonly method: string } | null;
  readonly copies: readonly Pick<
    CodexBinary,
    'path' | 'realPath' | 'method' | 'version' | 'pathIndex' | 'problem'
  >[];
  /** Other account tools for the same pool; `former`: a package of a former name that is still active. */
  readonly companions: readonly (CompanionInstall & { readonly former: boolean })[];
}

/** Looks; starts a copy only where no file tells its version. */
export async function readInstalls(scope: CodexScope): Promise<InstallFacts> {
  const [binaries, companions] = await Promise.all([readCodexBinaries(scope), findCompanionInstalls(scope)]);
  const active = activeBinary(binaries);
  const working = workingBinary(binaries);
  return {
    active:
      active === null || working === null
        ? null
        : { path: active.path, version: working.version, method: working.method },
    copies: binaries.map(({ path, realPath, method, version, pathIndex, problem }) => ({
      path,
      realPath,
      method,
      version,
      pathIndex,
      problem,
    })),
    companions: companions.map((install) => ({ ...install, former: install.name.startsWith('@') })),
  };
}
