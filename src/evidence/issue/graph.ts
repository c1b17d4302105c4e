/** Issues and pull requests with what links them, as it was found. */
export interface IssueComment {
  readonly url: string;
  readonly author: string;
  /** `OWNER`, `MEMBER`, `COLLABORATOR`, `CONTRIBUTOR`, `NONE`, … */
  readonly association: string;
  /** ISO 8601. */
  readonly at: string;
  readonly body: string;
  /** 👍. */
  readonly thumbsUp: number;
}

export interface IssueNode {
  /** `owner/repo#1`, in lower case. */
  readonly key: string;
  /** As GitHub spells it. */
  readonly name: string;
  readonly url: string;
  readonly kind: 'issue' | 'pull';
  readonly title: string;
  readonly state: 'open' | 'closed' | 'merged';
  /** `completed`, `not_planned`, `duplicate`, or `null`. */
  readonly stateReason: string | null;
  readonly author: string;
  readonly association: string;
  readonly createdAt: string;
  readonly closedAt: string | null;
  readonly labels: readonly string[];
  readonly body: string;
  readonly thumbsUp: number;
  /** How many comments GitHub counts. */
  readonly commentCount: number;
  /** Those that were read; none of a node at the edge of the graph. */
  readonly comments: readonly IssueComment[];
  /** Steps from the issue that was asked about. */
  readonly depth: number;
  readonly merge: PullMerge | null;
}

export interface PullMerge {
  readonly at: string;
  readonly sha: string | null;
  /** The first release that holds it, as GitHub's comparison says; `null`: none of the releases since that were compared. */
  readonly release: { readonly tag: string; readonly url: string; readonly isPrerelease: boolean } | null;
}

export type EdgeKind =
  | 'mentions'
  | 'closes'
  | 'duplicate'
  | 'cross-referenced'
  | 'sub-issue'
  | 'parent'
  | 'blocked by'
  | 'blocks';

export interface IssueEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  /** Where it is said. */
  readonly url: string;
}

export interface IssueGraph {
  readonly root: string;
  /** By depth, then in the order in which they were found. */
  readonly nodes: readonly IssueNode[];
  readonly edges: readonly IssueEdge[];
  /** Known by name only, and why: deleted, beyond the depth, a limit. */
  readonly notFetched: readonly { readonly key: string; readonly reason: string }[];
  /** What else is missing, in sentences; empty when all was read. */
  readonly gaps: readonly string[];
  readonly requests: number;
  readonly unchanged: number;
}
