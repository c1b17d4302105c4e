/** What the events of GitHub's timeline link to: cross-references, sub-issues, dependencies, and what reviews and commits name. */
import * as v from 'valibot';
import type { EdgeKind } from './graph.ts';
import { type IssueReference, keyOf, parseIssueUrl, referencesIn } from './reference.ts';
import { CrossReferenceSchema, RelationSchema, SaidSchema } from './wire.ts';

export interface TimelineLink {
  readonly to: IssueReference;
  readonly kind: EdgeKind;
  /** Where it is said; `null`: in the timeline of the issue itself. */
  readonly url: string | null;
}

/** `sub_issue_added` has its `sub_issue_removed`, and so on. */
const RELATIONS = [
  ['sub_issue', 'sub-issue'],
  ['parent_issue', 'parent'],
  ['blocked_by', 'blocked by'],
  ['blocking', 'blocks'],
] as const;

/** The links of these events, oldest first, each once; a relation that was taken back is none. `from`: whose timeline it is. */
export function timelineLinks(
  events: readonly unknown[],
  from: IssueReference,
  webUrl: string,
): readonly TimelineLink[] {
  const links = new Map<string, TimelineLink>();
  const add = (link: TimelineLink) => {
    const id = `${link.kind} ${keyOf(link.to)}`;
    if (keyOf(link.to) !== keyOf(from) && !links.has(id)) links.set(id, link);
  };
  for (const event of events) {
    const source = v.safeParse(CrossReferenceSchema, event);
    const url = source.success ? (source.output.source.issue?.html_url ?? null) : null;
    const to = url === null ? null : parseIssueUrl(url, webUrl);
    if (to !== null) add({ to, kind: 'cross-referenced', url });
    for (const { link, isGone } of relationsOf(event, from)) {
      if (isGone) links.delete(`${link.kind} ${keyOf(link.to)}`);
      else add(link);
    }
    for (const { text, at } of saidIn(event)) {
      for (const { reference, how } of referencesIn(text, from, webUrl))
        add({ to: reference, kind: how, url: at });
    }
  }
  return [...links.values()];
}

function relationsOf(
  event: unknown,
  from: IssueReference,
): readonly { readonly link: TimelineLink; readonly isGone: boolean }[] {
  const relation = v.safeParse(RelationSchema, event);
  if (!relation.success) return [];
  return RELATIONS.flatMap(([name, kind]) => {
    const other = relation.output[name];
    if (other == null) return [];
    const [owner = from.owner, repo = from.repo] = other.repository?.full_name.split('/') ?? [];
    const link = { to: { owner, repo, number: other.number }, kind, url: null };
    return [{ link, isGone: relation.output.event.endsWith('_removed') }];
  });
}

/** Comments stand in a list of their own, which is read by itself. */
function saidIn(event: unknown): readonly { readonly text: string; readonly at: string | null }[] {
  const said = v.safeParse(SaidSchema, event);
  if (!said.success) return [];
  const { body, message, html_url: url, comments } = said.output;
  return [
    { text: `${body}\n${message}`, at: url ?? null },
    ...comments.map((each) => ({ text: each.body ?? '', at: each.html_url ?? null })),
  ];
}
