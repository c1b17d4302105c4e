/** Which of the linked issues and pull requests matter most to whoever asked about the root. */
import type { IssueGraph, IssueNode } from './graph.ts';

export interface RankedNode {
  readonly node: IssueNode;
  readonly score: number;
  /** Why, in words. */
  readonly reasons: readonly string[];
}

/** All nodes but the root, best first; equal ones by name, so that two runs print the same. */
export function rankNodes(graph: IssueGraph): readonly RankedNode[] {
  const root = graph.nodes.find(({ key }) => key === graph.root);
  if (root === undefined) return [];
  const words = wordsOf(root.title);
  return graph.nodes
    .filter((node) => node !== root)
    .map((node) => rank(node, graph, words))
    .sort((a, b) => b.score - a.score || a.node.key.localeCompare(b.node.key, 'en', { numeric: true }));
}

function rank(node: IssueNode, graph: IssueGraph, words: ReadonlySet<string>): RankedNode {
  const reasons: string[] = [];
  let score = 0;
  const add = (points: number, reason: string) => {
    score += points;
    reasons.push(reason);
  };
  const direct = graph.edges.filter(
    ({ from, to }) => (from === graph.root && to === node.key) || (to === graph.root && from === node.key),
  );
  if (direct.length > 0) add(3, 'linked directly');
  if (direct.some(({ kind }) => kind === 'closes')) add(4, 'closes, or is closed by, the issue');
  if (direct.some(({ kind }) => kind === 'duplicate')) add(3, 'a duplicate');
  if (node.state === 'merged')
    add(node.merge?.release == null ? 2 : 3, node.merge?.release == null ? 'merged' : 'merged and released');
  const shared = [...wordsOf(node.title)].filter((word) => words.has(word));
  if (shared.length > 1) add(Math.min(3, shared.length - 1), `the title shares ${shared.sort().join(', ')}`);
  const links = graph.edges.filter(({ to, from }) => to === node.key || from === node.key).length;
  if (links > 1) add(Math.min(2, links * 0.25), `${links} links`);
  const voices = node.thumbsUp + node.commentCount;
  if (voices > 0)
    add(Math.min(2, Math.log10(1 + voices)), `${node.commentCount} comments, ${node.thumbsUp} 👍`);
  return { node, score: Math.round(score * 100) / 100, reasons };
}

const COMMON =
  /^(?:the|and|with|when|after|from|into|for|not|codex|error|issue|does|doesn|cannot|fails?|using|this|that)$/;

function wordsOf(title: string): ReadonlySet<string> {
  return new Set(
    (title.toLowerCase().match(/[a-z][a-z0-9_-]{2,}/g) ?? []).filter((word) => !COMMON.test(word)),
  );
}
