/**
 * The secrets that this machine keeps for Codex, by value: what a report or bundle must not hold in any form. Found by
 * the names of members, by shape and by randomness, in the files of the Codex home, in the environment and in `.npmrc`.
 *
 * Too many is right, too few is not: a value that is no secret costs a word of the report.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodexScope } from '../codex/home.ts';
import { readText } from '../codex/reading.ts';
import { parseToml } from '../codex/toml.ts';
import { redactHighEntropy } from '../storage/redaction/entropy.ts';
import { isSecretValue, type NameKind, nameKind, REDACTED } from '../storage/redaction/secret-names.ts';
import { redactShapes } from '../storage/redaction/shapes.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 400;
const DEPTH = 5;
/** Settings, credentials and their backups; not logs and sessions, of which the bundle holds redacted lines at most. */
const MAY_HOLD = /(?:\.(?:json|toml|env|bak|old|tmp|wal|npmrc)|^\.env.*|^auth\.json.*|\.json\..*)$/;
/** What the conversation left behind, caches, and other programs' trees. */
const LEFT_OUT = /^(?:sessions|archived_sessions|log|node_modules|plugins|skills|packages|\.tmp|tmp)$/;
const MIN_SECRET = 5;

/** Every secret, none twice. Reads files and the environment; never throws for what it cannot read. */
export async function readMachineSecrets(scope: CodexScope): Promise<readonly string[]> {
  const found = new Set<string>();
  const { host, home } = scope;
  for (const [name, value] of Object.entries(host.env)) {
    // The working folder goes by the name of a password.
    if (value !== undefined && !/^(?:OLD)?PWD$/.test(name)) addValue(found, name, value);
  }
  const files = await listFiles(home.path, DEPTH);
  for (const path of [...files.slice(0, MAX_FILES), join(host.userHome, '.npmrc')]) {
    const reading = await readText(path, MAX_BYTES);
    if (reading.kind === 'ok') await addText(found, reading.value);
  }
  return [...found];
}

/** The secrets of one file's text: JSON, TOML, `NAME=value` lines, or a broken piece of any of them. */
export async function secretsOfText(text: string): Promise<readonly string[]> {
  const found = new Set<string>();
  await addText(found, text);
  return [...found];
}

async function listFiles(folder: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // not there, or closed to us
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile() && (MAY_HOLD.test(entry.name) || /[/\\]images$/.test(folder))) files.push(path);
    if (entry.isDirectory() && depth > 0 && !LEFT_OUT.test(entry.name))
      files.push(...(await listFiles(path, depth - 1)));
  }
  return files;
}

async function addText(found: Set<string>, text: string): Promise<void> {
  const parsed = parseJson(text) ?? (await parseTable(text));
  if (parsed !== undefined) addTree(found, parsed, 'none');
  for (const line of text.split('\n')) addLine(found, line);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the lines are looked at all the same
  }
}

async function parseTable(text: string): Promise<unknown> {
  const parsed = await parseToml(text);
  return parsed.kind === 'ok' ? parsed.value : undefined;
}

function addTree(found: Set<string>, value: unknown, kind: NameKind): void {
  if (typeof value === 'string') addString(found, kind, value);
  if (Array.isArray(value)) {
    value.forEach((item, at) => {
      const flag: unknown = value[at - 1];
      const own = typeof flag === 'string' && flag.startsWith('--') ? nameKind(flag.slice(2)) : kind;
      addTree(found, item, own === 'none' ? kind : own);
    });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const own = nameKind(name);
    addTree(found, member, own === 'none' && kind === 'certain' ? 'certain' : own);
    if (HANDED_ON.test(name)) addHandedOn(found, member);
  }
}

/** Tables of config.toml whose values go to a server or a program as they are, whatever they are called. */
const HANDED_ON = /^(?:env|http_headers|headers|query_params)$/;

function addHandedOn(found: Set<string>, table: unknown): void {
  if (typeof table !== 'object' || table === null) return;
  for (const value of Object.values(table)) {
    if (typeof value === 'string' && value.length >= 8 && !/^[/~]|:\/\//.test(value)) add(found, value);
  }
}

/** `name = "value"`, `"name": "value"`, `--name value`, and words that look like secrets by themselves. */
const PAIR = /([A-Za-z_][\w.-]{0,100})["'`]?(?:\s{0,4}[:=]\s{0,4}|[ \t]{1,4})["'`]?([^\s"'`,}\]]{5,})/g;

function addLine(found: Set<string>, line: string): void {
  if (line.length > 64 * 1024) return; // a cache or a document, which has been parsed if it is JSON
  for (const [, name = '', value = ''] of line.matchAll(PAIR)) addValue(found, name, value);
  for (const word of line.split(/[\s"'`,;()[\]{}<>]+/)) addWord(found, word);
}

function addValue(found: Set<string>, name: string, value: string): void {
  addString(found, nameKind(name.replace(/^.*[./]/, '')), value);
}

function addString(found: Set<string>, kind: NameKind, value: string): void {
  const plain = value.replace(/^(?:Bearer|Basic|Token)\s+/i, '');
  if (isSecretValue(kind, plain, true)) add(found, plain);
  for (const word of value.split(/[\s"'`,;()[\]{}<>]+/)) addWord(found, word);
}

function addWord(found: Set<string>, word: string): void {
  if (word.length < MIN_SECRET) return;
  if (word.includes('://')) {
    addUrl(found, word);
    return;
  }
  const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : word;
  if (value.length < 12 || value.startsWith('/')) return;
  if (redactShapes(value) !== value || redactHighEntropy(value) !== value) add(found, value);
}

function addUrl(found: Set<string>, word: string): void {
  const start = /[a-z][a-z0-9+.-]{1,20}:\/\//i.exec(word)?.index ?? 0;
  const url = URL.canParse(word.slice(start)) ? new URL(word.slice(start)) : null;
  if (url === null) return;
  for (const part of [url.username, url.password]) addBoth(found, part);
  for (const [name, value] of url.searchParams) {
    if (isSecretValue(nameKind(name, true), value, true)) addBoth(found, value);
    else addWord(found, value);
  }
}

function addBoth(found: Set<string>, part: string): void {
  add(found, part);
  try {
    add(found, decodeURIComponent(part));
  } catch {
    // a stray percent sign: then there is no other form
  }
}

function add(found: Set<string>, secret: string): void {
  const isPlain = /^(?:true|false|\d{1,9}|https?:.*)$/.test(secret);
  // What stands in place of a secret cannot be one.
  if (secret.length >= MIN_SECRET && !isPlain && !REDACTED.includes(secret)) found.add(secret);
}
