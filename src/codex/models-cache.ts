/**
 * `models_cache.json`: the list of models that Codex last got for its account (0.133 and 0.169; renewed on use). It is
 * the one local witness of what the account may use.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexReader } from './home.ts';
import { type Reading, readText } from './reading.ts';

export interface ModelEntry {
  readonly id: string;
  /** Codex offers it for choice. */
  readonly isListed: boolean;
  /** Tokens; `null` when the list does not say. */
  readonly contextWindow: number | null;
  /** Whether it can search for tools; `null` when the list does not say. */
  readonly hasToolSearch: boolean | null;
}

export interface ModelsCache {
  /** Ids in the order of the list, those that Codex hides included. */
  readonly models: readonly string[];
  /** The same with what the list says of each. */
  readonly entries: readonly ModelEntry[];
  /** Epoch ms. */
  readonly fetchedAt: number | null;
  readonly clientVersion: string | null;
}

/** Base instructions of each model stand in it: real ones have some hundred kB. */
const MAX_BYTES = 32 * 1024 * 1024;

const CacheJson = v.looseObject({
  fetched_at: v.optional(v.nullable(v.string()), null),
  client_version: v.optional(v.nullable(v.string()), null),
  models: v.array(
    v.looseObject({
      slug: v.string(),
      visibility: v.optional(v.unknown()),
      context_window: v.optional(v.fallback(v.nullable(v.number()), null), null),
      supports_search_tool: v.optional(v.fallback(v.nullable(v.boolean()), null), null),
    }),
  ),
});

/** The cached list; `missing` before the first use. */
export const readModelsCache: CodexReader<Reading<ModelsCache>> = async ({ home }) => {
  const path = join(home.path, 'models_cache.json');
  const text = await readText(path, MAX_BYTES);
  if (text.kind !== 'ok') return text;
  let json: unknown;
  try {
    json = JSON.parse(text.value);
  } catch {
    return { kind: 'malformed', path, message: 'not valid JSON' };
  }
  const parsed = v.safeParse(CacheJson, json);
  if (!parsed.success) return { kind: 'malformed', path, message: 'not a list of models' };
  const { models, fetched_at, client_version } = parsed.output;
  const fetchedAt = fetched_at === null ? Number.NaN : Date.parse(fetched_at);
  return {
    kind: 'ok',
    path,
    value: {
      models: models.map((model) => model.slug),
      entries: models.map(({ slug, visibility, context_window, supports_search_tool }) => ({
        id: slug,
        isListed: visibility === undefined || visibility === 'list',
        contextWindow: context_window,
        hasToolSearch: supports_search_tool,
      })),
      fetchedAt: Number.isNaN(fetchedAt) ? null : fetchedAt,
      clientVersion: client_version,
    },
  };
};
