import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { GITHUB_EDITIONS, readGithubDescription } from '../../../test/support/github-examples.ts';
import { eventName } from '../../../test/support/github-server.ts';
import { timelineLinks } from './timeline.ts';
import {
  CommentSchema,
  ComparisonSchema,
  IssueSchema,
  PullSchema,
  ReleaseSchema,
  rowsOf,
  TimelineSchema,
} from './wire.ts';

const REPO = '/repos/{owner}/{repo}';
/** What we ask for, how we read it, and the schema of it (of a row of it) in GitHub's description. */
const ASKED = [
  [`${REPO}/issues/{issue_number}`, IssueSchema, 'issue'],
  [`${REPO}/issues/{issue_number}/comments`, CommentSchema, 'issue-comment'],
  [`${REPO}/issues/{issue_number}/timeline`, TimelineSchema, null],
  [`${REPO}/pulls/{pull_number}`, PullSchema, 'pull-request'],
  [`${REPO}/releases`, ReleaseSchema, 'release'],
  [`${REPO}/compare/{basehead}`, ComparisonSchema, 'commit-comparison'],
] as const;

describe.each(GITHUB_EDITIONS)("GitHub's own description of its answers (%s)", (edition) => {
  const description = readGithubDescription(edition);

  it.each(ASKED)('%s is read: every example, the fullest and the barest answer', (path, schema, name) => {
    const examples = description.examplesOf(path);
    expect(examples.length).toBeGreaterThan(0);
    for (const [, value] of examples) {
      const rows: readonly unknown[] = Array.isArray(value) ? value : [value];
      expect(rows.length).toBeGreaterThan(0);
      expect(rowsOf<v.GenericSchema>(schema, rows).strange, JSON.stringify(value)).toBe(0);
    }
    for (const kind of name === null ? [] : (['full', 'bare'] as const)) {
      const parsed = v.safeParse(schema, description.instance(String(name), kind));
      expect(parsed.issues, kind).toBeUndefined();
    }
  });

  it('every kind of event in a timeline is read, and those that name another issue are links', () => {
    const linked = description.timelineEvents.flatMap((schema) => {
      const events = (['full', 'bare'] as const).map((kind) => ({
        ...description.instance(schema, kind),
        event: eventName(schema),
      }));
      expect(rowsOf(TimelineSchema, events).strange, schema).toBe(0);
      const from = { owner: 'o', repo: 'r', number: 1 };
      return timelineLinks(events, from, 'https://github.com').map(
        ({ kind }) => `${eventName(schema)}: ${kind}`,
      );
    });
    expect(linked).toEqual(expect.arrayContaining(['cross-referenced: cross-referenced']));
    if (edition === 'api.github.com') {
      expect(linked).toEqual([
        'cross-referenced: cross-referenced',
        'committed: closes',
        'sub_issue_added: sub-issue',
        'parent_issue_added: parent',
        'blocked_by_added: blocked by',
        'blocking_added: blocks',
      ]);
    }
  });
});
