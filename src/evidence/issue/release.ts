/** The first release that holds a merged change: asked of GitHub's comparison, not guessed from dates. */
import * as v from 'valibot';
import type { GithubClient } from './github.ts';
import type { PullMerge } from './graph.ts';
import { ComparisonSchema, ReleaseSchema, rowsOf } from './wire.ts';

/** Releases compared at most; one that was cut before the merge and published after it does not hold it. */
const COMPARED = 5;
const PAGES = 2;

/** `gap`: why it cannot be told. */
export async function findRelease(
  client: GithubClient,
  base: string,
  sha: string,
  mergedAt: string,
): Promise<{ readonly release: PullMerge['release']; readonly gap: string | null }> {
  const answer = await client.list(`${base}/releases`, PAGES);
  if (answer.kind !== 'ok') return { release: null, gap: 'the releases could not be read' };
  const since = rowsOf(ReleaseSchema, answer.value.items)
    .rows.filter(({ draft, published_at: at }) => !draft && at != null && at >= mergedAt)
    .sort((a, b) => (a.published_at ?? '').localeCompare(b.published_at ?? ''));
  for (const { tag_name: tag, html_url: url, prerelease } of since.slice(0, COMPARED)) {
    const compared = await client.get(`${base}/compare/${sha}...${encodeURIComponent(tag)}`);
    const comparison = compared.kind === 'ok' ? v.safeParse(ComparisonSchema, compared.value) : null;
    if (comparison?.success !== true) continue; // the tag or the commit is gone
    if (comparison.output.status === 'ahead' || comparison.output.status === 'identical')
      return { release: { tag, url, isPrerelease: prerelease }, gap: null };
  }
  const gap = since.length > COMPARED ? `none of the ${COMPARED} releases after the merge holds it` : null;
  return { release: null, gap };
}
