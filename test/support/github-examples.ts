/**
 * GitHub's own description of its API (`@octokit/openapi`, in `test/github/`): the example answers, and for every schema the
 * fullest and the barest object that it allows. The test server answers with these, so that we do not test what we imagined.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(
  dirname(fileURLToPath(import.meta.url)),
  '../github/node_modules/@octokit/openapi/generated',
);

export type Json = Record<string, unknown>;
/** github.com, GitHub Enterprise Cloud, and the oldest and newest GitHub Enterprise Server of the package. */
export type GithubEdition = 'api.github.com' | 'ghec' | 'ghes-3.17' | 'ghes-3.19';
export const GITHUB_EDITIONS: readonly GithubEdition[] = ['api.github.com', 'ghec', 'ghes-3.17', 'ghes-3.19'];

export interface GithubDescription {
  /** The value of a named example, a copy of one's own. */
  example(name: string): unknown;
  /** Every example of what `GET path` answers with 200, by its name. */
  examplesOf(path: string): readonly (readonly [name: string, value: unknown])[];
  /** An object of that schema: `full` with every member, `bare` with the required ones alone, `null` where that is allowed. */
  instance(schema: string, kind: 'full' | 'bare'): Json;
  /** The names of the schemas of a timeline's events. */
  readonly timelineEvents: readonly string[];
}

/** Reads the description. Throws when `test/github` is not installed. */
export function readGithubDescription(edition: GithubEdition = 'api.github.com'): GithubDescription {
  const file = join(FOLDER, `${edition}.json`);
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm ci --prefix test/github"`);
  const root: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const at = (...path: readonly string[]): unknown => follow(root, path);
  const resolve = (value: unknown): unknown => {
    const to = follow(value, ['$ref']);
    return typeof to === 'string' ? resolve(at(...to.slice(2).split('/'))) : value;
  };
  /** An example may be the name of another one. */
  const exampleValue = (example: unknown): unknown => {
    const value = follow(resolve(example), ['value']);
    return follow(value, ['$ref']) === undefined ? structuredClone(value) : exampleValue(value);
  };
  const json = ['responses', '200', 'content', 'application/json'];
  return {
    example: (name) => exampleValue(at('components', 'examples', name)),
    examplesOf: (path) =>
      Object.entries(asJson(at('paths', path, 'get', ...json, 'examples'))).map(([name, example]) => [
        name,
        exampleValue(example),
      ]),
    instance: (name, kind) =>
      asJson(createInstance(at('components', 'schemas', name), kind === 'full', resolve, [])),
    timelineEvents: asList(at('components', 'schemas', 'timeline-issue-events', 'anyOf')).map((each) =>
      String(follow(each, ['$ref'])).replace(/^.*\//, ''),
    ),
  };
}

const TEXTS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-02T03:04:05Z',
  uri: 'https://github.com/octocat/Hello-World/issues/1347',
};

function createInstance(
  schema: unknown,
  full: boolean,
  resolve: (value: unknown) => unknown,
  above: readonly unknown[],
): unknown {
  const own = resolve(schema);
  const { nullable, example, enum: words, type, properties, required, items, ...rest } = asJson(own);
  if (nullable === true && (!full || above.includes(own))) return null;
  const [choice] = [...asList(rest.oneOf), ...asList(rest.anyOf)];
  if (choice !== undefined) return createInstance(choice, full, resolve, [...above, own]);
  if (rest.allOf !== undefined) {
    const parts = asList(rest.allOf).map((part) => createInstance(part, full, resolve, [...above, own]));
    return Object.assign({}, ...parts);
  }
  if (properties !== undefined) {
    const needed = new Set(asList(required));
    const members = Object.entries(asJson(properties)).filter(
      ([name, member]) => needed.has(name) || (full && !above.includes(resolve(member)) && above.length < 5),
    );
    return Object.fromEntries(
      members.map(([name, member]) => [name, createInstance(member, full, resolve, [...above, own])]),
    );
  }
  if (example !== undefined) return structuredClone(example);
  if (Array.isArray(words)) return words[0];
  if (type === 'array') return full ? [createInstance(items, full, resolve, [...above, own])] : [];
  if (type === 'integer' || type === 'number') return 7;
  if (type === 'boolean') return true;
  if (type === 'string') return TEXTS[String(rest.format)] ?? 'a text';
  return {};
}

function follow(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const name of path) current = asJson(current)[name];
  return current;
}

function asJson(value: unknown): Json {
  return isJson(value) ? value : {};
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
