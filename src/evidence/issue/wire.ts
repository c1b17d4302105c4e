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
  author_association: v.nullish(v.string(), 'NONE'),
  created_at: v.string(),
  closed_at: v.nullish(v.string()),
  labels: v.array(v.union([v.string(), v.object({ name: Text })])),
  body: Text,
  comments: v.optional(v.number(), 0),
  reactions: Reactions,
  pull_request: v.nullish(v.object({ merged_at: v.nullish(v.string()) })),
});

export const CommentSchema = v.object({
  html_url: v.string(),
  user: User,
  author_association: v.nullish(v.string(), 'NONE'),
  created_at: v.string(),
  body: Text,
  reactions: Reactions,
  /** Hidden by somebody who may. */
  minimized: v.nullish(v.object({ reason: v.nullish(v.string()) })),
});

/** One event of any of some thirty kinds. */
export const TimelineSchema = v.looseObject({ event: v.optional(v.string(), '') });

/** Somebody else's issue or pull request that names this one; one that we may not see is `null`. */
export const CrossReferenceSchema = v.object({
  event: v.literal('cross-referenced'),
  source: v.object({ issue: v.nullish(v.object({ html_url: v.string() })) }),
});

/** The other issue of `sub_issue_added` and its like; `null` where we may not see it. */
const Other = v.nullish(
  v.object({ number: v.number(), repository: v.nullish(v.object({ full_name: v.string() })) }),
);

export const RelationSchema = v.object({
  event: v.string(),
  sub_issue: Other,
  parent_issue: Other,
  blocked_by: Other,
  blocking: Other,
});

/** What is said in a timeline outside of comments: reviews, commits, remarks on lines. */
export const SaidSchema = v.object({
  body: Text,
  message: Text,
  html_url: v.nullish(v.string()),
  comments: v.optional(v.array(v.object({ body: Text, html_url: v.nullish(v.string()) })), []),
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

export interface Rows<T> {
  readonly rows: readonly T[];
  /** How many are not what GitHub describes. */
  readonly strange: number;
}

/** The rows that are what they should be, and how many are not. */
export function rowsOf<T extends v.GenericSchema>(
  schema: T,
  rows: readonly unknown[],
): Rows<v.InferOutput<T>> {
  const found = rows.flatMap((row) => {
    const parsed = v.safeParse(schema, row);
    return parsed.success ? [parsed.output] : [];
  });
  return { rows: found, strange: rows.length - found.length };
}
