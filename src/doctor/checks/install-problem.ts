/** A copy that cannot start, in the words of the catalogue: which failure it is, why, and what puts it right. */
import { dirname } from 'node:path';
import type { BinaryProblem, CodexBinary } from '../../codex/binaries.ts';

export interface BinaryExplanation {
  readonly id: 'install.binary_missing' | 'install.platform_incompat' | 'install.permission';
  readonly cause: string;
  readonly where: string;
  readonly what: string;
  readonly steps: readonly string[];
  /** Whether putting the same version back cures it. */
  readonly reinstall: boolean;
}

/** The failure behind a copy's problem. */
export function explainProblem(binary: CodexBinary, problem: BinaryProblem): BinaryExplanation {
  const missing = { id: 'install.binary_missing' as const, steps: [], reinstall: true };
  const incompatible = { id: 'install.platform_incompat' as const, reinstall: false };
  switch (problem.kind) {
    case 'missing-native':
      return {
        ...missing,
        cause: `${binary.path} starts npm's launcher, but the package with the program itself, ${problem.packageName}, is not installed.`,
        where: problem.expected,
        what: 'does not exist',
      };
    case 'dangling':
      return {
        ...missing,
        cause: `${binary.path} is a link to ${problem.target}, which does not exist, so no shell finds codex.`,
        where: binary.path,
        what: `leads to ${problem.target}, which is missing`,
      };
    case 'not-a-program':
      return {
        ...missing,
        cause: `${problem.path} is not a program: it is damaged.`,
        where: problem.path,
        what: problem.what,
      };
    case 'not-executable':
      return {
        id: 'install.permission',
        cause: `${problem.path} may not be executed, so codex cannot start.`,
        where: problem.path,
        what: 'no execute permission in its mode',
        steps: [`chmod a+x ${problem.path}`],
        reinstall: false,
      };
    case 'unreadable':
      return {
        id: 'install.permission',
        cause: `${problem.path} cannot be read (${problem.code}), so codex cannot start.`,
        where: problem.path,
        what: problem.code,
        steps: [`ls -l ${problem.path}`, `ls -ld ${dirname(problem.path)}`],
        reinstall: false,
      };
    case 'wrong-platform':
      return {
        ...incompatible,
        cause: `${problem.path} is built for ${problem.found}, this machine is ${problem.wanted}.`,
        where: problem.path,
        what: `${problem.found} program`,
        steps: [
          'Uninstall that copy, then install Codex on this machine itself: npm install --global @openai/codex',
        ],
      };
    case 'missing-interpreter':
      if (problem.interpreter === 'node') {
        return {
          ...missing,
          cause: `${binary.path} needs node, and no folder on PATH has one.`,
          where: 'PATH',
          what: 'no node',
          steps: ['Put the folder of node on PATH, or install the standalone Codex, which needs none.'],
          reinstall: false,
        };
      }
      return {
        ...incompatible,
        cause: `${problem.path} needs the loader ${problem.interpreter}, which this system does not have.`,
        where: problem.path,
        what: `asks for ${problem.interpreter}`,
        steps: ['Install the official static (musl) build: npm install --global @openai/codex'],
      };
    case 'fails-to-start': {
      const libc = /GLIBC(XX)?_[\d.]+|not found \(required by|cannot execute binary|Exec format/i.test(
        problem.output,
      );
      const base = {
        cause: `${problem.path} does not start: ${problem.output || 'it says nothing'}`,
        where: `${problem.path} --version`,
        what: problem.output || 'failed without a message',
      };
      if (!libc) return { ...missing, ...base };
      return {
        ...incompatible,
        ...base,
        steps: ['Install the official static (musl) build: npm install --global @openai/codex'],
      };
    }
  }
}
