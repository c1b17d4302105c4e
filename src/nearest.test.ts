import { expect, test } from 'vitest';
import { nearestNames } from './nearest.ts';

const NAMES = ['config', 'config.toml_syntax', 'remote', 'remote.mfa_required', 'mcp'];

test('finds a name behind a typing slip, and names that hold the word', () => {
  expect(nearestNames('remot', NAMES)).toEqual(['remote', 'remote.mfa_required']);
  expect(nearestNames('config.toml_sintax', NAMES)).toEqual(['config.toml_syntax']);
  expect(nearestNames('mfa', NAMES)).toEqual(['remote.mfa_required']);
});

test('finds nothing for a word that is like none of them', () => {
  expect(nearestNames('zebra', NAMES)).toEqual([]);
  expect(nearestNames('', NAMES)).toEqual([]);
});

test('two letters in the wrong order are one slip', () => {
  expect(nearestNames('chekc', ['check', 'switch'])).toEqual(['check']);
  expect(nearestNames('statsu', ['status', 'best'])).toEqual(['status']);
});
