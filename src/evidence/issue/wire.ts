/** What is read of GitHub's answers (REST API, version 2022-11-28); everything else in them is passed over. */
import * as v from 'valibot';

const User = v.nullish(v.object({ login: v.string() }));
const Text = v.nullish(v.string(), '');
const Reactions = v.fallback(v.optional(v.object({ '+1': v.optional(v.number(), 0) })), undefined);

export const IssueSchema = v.object({
  html_url: v.string(),
  number: v.number(),
  title: v.string(),
  state: v.string(),
  state_reason: v.nullish(v.string()),
  user: User,
  author_association: v.optional(v.string(), 'NONE'),
  created_at: v.string(),
  closed_at: v.nullish(v.string()),
  labels: v.array(v.union([v.string(), v.object({ name: Text })])),
  body: Text,
  comments: v.optional(v.number(), 0),
  reactions: Reactions,
  pull_request: v.optional(v.object({ merged_at: v.nullish(v.string()) })),
});

export const CommentSchema = v.object({
  html_url: v.string(),
  user: User,
  author_association: v.optional(v.string(), 'NONE'),
  created_at: v.string(),
  body: Text,
  reactions: Reactions,
});

/** Of a timeline: somebody else's issue or pull request that names this one. */
export const CrossReferenceSchema = v.object({
  event: v.literal('cross-referenced'),
  source: v.object({ issue: v.object({ html_url: v.string() }) }),
});

export const PullSchema = v.object({
  merged_at: v.nullish(v.string()),
  merge_commit_sha: v.nullish(v.string()),
});

export const ReleaseSchema = v.object({
  tag_name: v.string(),
  html_url: v.string(),
  draft: v.optional(v.boolean(), false),
  prerelease: v.optional(v.boolean(), false),
  published_at: v.nullish(v.string()),
});

export const ComparisonSchema = v.object({ status: v.string() });

/** The rows that are what they should be. */
export function rowsOf<T extends v.GenericSchema>(schema: T, rows: readonly unknown[]): v.InferOutput<T>[] {
  return rows.flatMap((row) => {
    const parsed = v.safeParse(schema, row);
    return parsed.success ? [parsed.output] : [];
  });
}
