import { describe, expect, it } from 'vitest';
import type { IssueNode } from './graph.ts';
import { readStatements, type Statements } from './statements.ts';

/** What is read out of a thread: its opening post and the comments, each by another author unless it says `name: text`. */
function read(opening: string, ...comments: readonly string[]): Statements {
  return readThread('A thread', opening, ...comments);
}

function readThread(title: string, body: string, ...comments: readonly string[]): Statements {
  const node: IssueNode = {
    key: 'o/r#1',
    name: 'o/r#1',
    url: 'https://github.com/o/r/issues/1',
    kind: 'issue',
    title,
    state: 'open',
    stateReason: null,
    author: 'ada',
    association: 'NONE',
    createdAt: '2026-01-01T00:00:00Z',
    closedAt: null,
    labels: [],
    body,
    thumbsUp: 0,
    commentCount: comments.length,
    comments: comments.map((text, index) => {
      const [, author = `user${index}`, rest = text] = /^(\w+): ([\s\S]*)$/.exec(text) ?? [];
      return {
        url: `https://github.com/o/r/issues/1#${index}`,
        author,
        association: 'NONE',
        at: '2026-01-02T00:00:00Z',
        body: rest,
        thumbsUp: 0,
      };
    }),
    depth: 0,
    merge: null,
  };
  return readStatements([node]);
}

const texts = (said: readonly { readonly text: string }[]) => said.map(({ text }) => text);

describe('what worked', () => {
  it.each([
    'Deleting the stale row and starting over fixed it.',
    'I downgraded to 0.120.0 and it works well.',
    'After moving the log database away the freezes disappeared.',
    'A clean reinstall with another prefix fixed it for me.',
    'I managed to sign in with the device code.',
    'Works, thank you!',
    'this works, thanks',
    'Got it working with a different port.',
    'The last working version was 0.118.0.',
    'This is fixed in 0.121.0.',
    'Restarting the daemon is enough to fix it.',
  ])('is told by: %s', (sentence) => {
    expect(texts(read('It fails.', sentence).worked)).toEqual([sentence]);
    expect(read('It fails.', sentence).failed).toEqual([]);
  });

  it.each([
    'It worked fine before the update.',
    'When I run it by hand, it works fine.',
    'It should work without a restart.',
    'Signing in no longer works.',
    'The command line works fine.',
    'Does restarting it fix this?',
    'If reinstalling fixed it, please say so.',
    'The extension installs successfully and the icon is there.',
  ])('is not told by: %s', (sentence) => {
    expect(read('It fails.', sentence).worked).toEqual([]);
  });

  it('is not what an issue expects', () => {
    expect(
      read('### What is the expected behavior?\n\nRestarting it fixed this before, and it works again.')
        .worked,
    ).toEqual([]);
  });

  it('comes with the code below it', () => {
    const { worked } = read('It fails.', 'Moving the cache away fixed it:\n```sh\nmv ~/a ~/b\n```');
    expect(worked).toMatchObject([{ text: 'Moving the cache away fixed it:', code: 'mv ~/a ~/b' }]);
  });
});

describe('what was tried without success', () => {
  it.each([
    'Reinstalling the app did not fix it.',
    'I renamed the database, but no luck.',
    'A reboot makes no difference.',
    'Clearing the cache does not restore the list.',
    'Still reproducible on 0.144.0.',
    'I have also tried another network.',
    'Cleared the folder — no effect.',
    'None of these steps helped.',
  ])('is told by: %s', (sentence) => {
    expect(texts(read('It fails.', sentence).failed)).toEqual([sentence]);
    expect(read('It fails.', sentence).worked).toEqual([]);
  });

  it.each([
    'If that does not help, run the doctor.',
    'Please tell us if it still does not work.',
    'You may still see the old name.',
    'It matters to us, no matter what you use.',
  ])('is not told by: %s', (sentence) => {
    expect(read('It fails.', sentence).failed).toEqual([]);
  });

  it('is every item of a list of attempts, with or without marks', () => {
    expect(texts(read('### What I already tried\n\n- Signed out and in\n- Another browser').failed)).toEqual([
      'Signed out and in',
      'Another browser',
    ]);
    expect(
      texts(read('Already tried without success:\n\nOne restart\nTwo networks\nAnother account').failed),
    ).toEqual(['One restart', 'Two networks', 'Another account']);
  });
});

describe('the errors', () => {
  it('are read from code, quotes, quotation marks and prose, each once', () => {
    const { errors } = read(
      'It says "the login could not be renewed, sign in again" and then:\n\n```\n$ tool run\nError: open /x: permission denied (os error 13)\n    at main (x.js:1:1)\n```',
      '> stream disconnected before completion: no answer for request 0a1b2c3d',
      'unexpected status 503 Service Unavailable, url: https://x.test',
      'I get `Error: open /x: permission denied (os error 13)` too.',
      'stream disconnected before completion: no answer for request ffffffff',
    );
    expect(errors.map(({ text, count }) => `${count} ${text}`)).toEqual([
      '2 Error: open /x: permission denied (os error 13)',
      '2 stream disconnected before completion: no answer for request 0a1b2c3d',
      '1 the login could not be renewed, sign in again',
      '1 unexpected status 503 Service Unavailable, url: https://x.test',
    ]);
  });

  it('are the title, where the issue is called by its error', () => {
    const title = 'The session could not be opened because the folder is missing';
    expect(texts(readThread(title, `${title}. I do not know why.`).errors)).toEqual([`${title}.`]);
  });

  it('are not commands, settings or lines of a program', () => {
    const code = [
      'npm install error-tool',
      'throw new Error("x failed")',
      'error_log = "/tmp/failed"',
      '// could not be done',
    ];
    expect(read(`\`\`\`\n${code.join('\n')}\n\`\`\`\n\`cat error.log\``).errors).toEqual([]);
  });
});

describe('the environments', () => {
  it('are read under the headings of the template, as pairs, and in passing', () => {
    const { environments } = read(
      '### What version of Codex CLI is running?\n\ncodex-cli 0.140.0\n\n### What platform is your computer?\n\n_No response_\n\n### What subscription do you have?\n\nPlus',
      '**Environment**\n- Codex Desktop: `26.1.2`\n- Codex CLI: `0.141.0`\n- OS: macOS 15.1, arm64',
      'Same here with codex-cli 0.142.0 on Ubuntu 24.04.',
      'I ran npm install -g @openai/codex@0.143.0 and then codex 0.1.0 was there.',
      'Nothing about versions.',
    );
    expect(environments.map(({ version, platform, plan }) => [version, platform, plan])).toEqual([
      ['codex-cli 0.140.0', null, 'Plus'],
      ['26.1.2, 0.141.0', 'macOS 15.1, arm64', null],
      ['0.142.0', 'Ubuntu 24.04', null],
    ]);
  });
});

describe('the workarounds', () => {
  it('are named as such, advised by others, or reported and then confirmed', () => {
    const { workarounds } = read(
      '### Workaround\n\n```sh\ntool --old\n```',
      'ada2: One work around is to set the port by hand.',
      'bob: You need to remove the old profile.',
      'eve: Renaming the folder worked for me.',
      'zoe: @eve that did it for me, thanks!',
      'tim: @ada2 I set the port and it still fails.',
      'max: Is there any workaround?',
    );
    expect(
      workarounds.map(({ text, confirmedBy, deniedBy }) => [text, confirmedBy.length, deniedBy.length]),
    ).toEqual([
      ['tool --old', 0, 0],
      ['One work around is to set the port by hand.', 0, 1],
      ['You need to remove the old profile.', 0, 0],
      ['Renaming the folder worked for me.', 1, 0],
    ]);
  });

  it('are confirmed by a short reply right below, but not by one about something else', () => {
    const said = (reply: string) =>
      read('It fails.', 'A workaround: pin the version.', reply).workarounds.map(
        ({ confirmedBy }) => confirmedBy.length,
      );
    expect(said('That worked, thank you')).toEqual([1]);
    expect(said('I reinstalled it and it works well.')).toEqual([0]);
    expect(said('@somebody that worked, thank you')).toEqual([0]);
  });
});

describe('the open questions', () => {
  it('are those that nobody answered', () => {
    const { questions } = read(
      'Is the list meant to be tied to the provider?',
      'bob: Which version do you use?',
      'ada: The newest one.',
      'eve: How long did it take for you?',
      'tim: @eve about an hour.',
      'max: Does anybody have a fix ?',
      'zoe: Duplicate of https://github.com/o/r/issues/2 ?',
    );
    expect(texts(questions)).toEqual([
      'Is the list meant to be tied to the provider?',
      'Does anybody have a fix ?',
    ]);
  });
});

it('those who see it too are counted, each once', () => {
  const { affected } = read(
    'It fails.',
    'bob: same here',
    'eve: +1',
    'bob: I have the same problem',
    'ada: same again',
    'tim: Hello',
  );
  expect(affected).toEqual(['bob', 'eve']);
});

it('a hostile post costs no time', () => {
  const startedAt = process.cpuUsage().user;
  for (const piece of [
    '<!--',
    '`a ',
    '"a ',
    '![a](',
    'I tried ',
    'did not ',
    'Aaaaa\n',
    'none of the ',
    '```\n',
  ])
    read(piece.repeat(260_000 / piece.length));
  expect((process.cpuUsage().user - startedAt) / 1e6).toBeLessThan(8);
});
