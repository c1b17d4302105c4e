/** The graph as a report: facts, statements, ranking, and what of our catalogue it looks like. Scrubbed, deterministic. */
import { failureEntry } from '../../knowledge/catalogue.ts';
import { createMatcher } from '../../knowledge/matcher/matcher.ts';
import { redact } from '../../storage/redact.ts';
import type { IssueGraph, IssueNode } from './graph.ts';
import { rankNodes } from './rank.ts';
import { readStatements, type Statements } from './statements.ts';

/** How many of the linked issues have their statements read beside those of the root. */
const NODES_QUOTED = 8;

export interface IssueReport extends Statements {
  readonly root: IssueNode;
  readonly graph: IssueGraph;
  /** Best first, without the root. */
  readonly ranking: readonly {
    readonly key: string;
    readonly score: number;
    readonly reasons: readonly string[];
  }[];
  readonly pulls: readonly IssueNode[];
  readonly catalogue: readonly CatalogueMatch[];
}

export interface CatalogueMatch {
  readonly id: string;
  readonly title: string;
  /** 0..1. */
  readonly score: number;
  readonly fix: string;
  /** The issue that it was read in. */
  readonly url: string;
}

/** Texts of strangers come out without secrets that they pasted, and without control characters. */
export function createIssueReport(found: IssueGraph): IssueReport | null {
  const graph = clean(found);
  const root = graph.nodes.find(({ key }) => key === graph.root);
  if (root === undefined) return null;
  const ranking = rankNodes(graph);
  const quoted = [root, ...ranking.slice(0, NODES_QUOTED).map(({ node }) => node)];
  return {
    root,
    graph,
    ranking: ranking.map(({ node, score, reasons }) => ({ key: node.key, score, reasons })),
    pulls: graph.nodes.filter(({ kind }) => kind === 'pull'),
    catalogue: matchCatalogue(root),
    ...readStatements(quoted),
  };
}

function matchCatalogue({ title, body, url }: IssueNode): readonly CatalogueMatch[] {
  const explanation = createMatcher().explainText(`codex: ${title}\n${body}`);
  return explanation.matches.map(({ id, score }) => {
    const entry = failureEntry(id);
    return { id, title: entry.title, score, fix: entry.fix.summary, url };
  });
}

/** A copy of the same shape. */
function clean<T>(value: T): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return redact(withoutControls(value));
  if (Array.isArray(value)) return value.map(walk);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, PLAIN.has(name) ? member : walk(member)]),
  );
}

/** Members that are GitHub's own words: keys, addresses, commits. */
const PLAIN: ReadonlySet<string> = new Set(['key', 'name', 'url', 'from', 'to', 'sha', 'tag', 'root', 'at']);

/** Also what turns the direction of text around, which can make a line read as another. */
function withoutControls(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) =>
      character === '\n' || character === '\t' ? character : ' ',
    );
}
