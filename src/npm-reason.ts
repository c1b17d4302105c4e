/** What npm says of its own failure: one sentence among codes, a stack and the place of a log file. */

const AROUND_IT = /^(code|errno|syscall|path|dest|network|notarget This is|A complete log|enoent This is)\b/;

/** npm's sentence on its standard error, or `null` where it wrote none (npm 9 writes `npm ERR!`, npm 10 `npm error`). */
export function npmReason(stderr: string): string | null {
  for (const line of stderr.split('\n')) {
    const said = /^npm (?:error|ERR!) +(\S.*)$/.exec(line)?.[1];
    if (said !== undefined && !AROUND_IT.test(said)) return said;
  }
  return null;
}
