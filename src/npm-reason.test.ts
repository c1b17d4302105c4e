import { expect, it } from 'vitest';
import { npmReason } from './npm-reason.ts';

it('takes the sentence out of the codes around it', () => {
  const refused =
    'npm warn old lockfile\nnpm error code ECONNREFUSED\nnpm error syscall connect\nnpm error errno ECONNREFUSED\n' +
    'npm error FetchError: request to http://127.0.0.1:9/x failed, reason: connect ECONNREFUSED 127.0.0.1:9\n' +
    'npm error     at ClientRequest.<anonymous> (index.js:130:14)\nnpm error A complete log of this run can be found in: /x\n';
  expect(npmReason(refused)).toBe(
    'FetchError: request to http://127.0.0.1:9/x failed, reason: connect ECONNREFUSED 127.0.0.1:9',
  );
  const denied =
    "npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! path /usr/lib/node_modules\nnpm ERR! errno -13\nnpm ERR! Error: EACCES: permission denied, mkdir '/usr/lib/node_modules'\n";
  expect(npmReason(denied)).toBe("Error: EACCES: permission denied, mkdir '/usr/lib/node_modules'");
});

it('has nothing to say of another program, or of npm without an error', () => {
  for (const text of ['', 'bad token\n', 'npm warn deprecated x\n', 'npm error\nnpm error code E404\n']) {
    expect(npmReason(text)).toBeNull();
  }
});
