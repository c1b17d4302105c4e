/** How this very steward was started, for whoever starts another one: the shim, the gateway, a service. */
import { realpathSync } from 'node:fs';
import process from 'node:process';

/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string;

/** Absolute paths of Node and of steward's entry file, and steward's version. */
export function ownProgram(): {
  readonly node: string;
  readonly steward: string;
  readonly stewardVersion: string;
} {
  return {
    node: process.execPath,
    steward: realpathSync(process.argv[1] as string),
    stewardVersion: STEWARD_VERSION,
  };
}
