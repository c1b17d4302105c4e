import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../knowledge/catalogue.ts';
import { isFailureId } from '../../knowledge/ids.ts';
import { CHECKS } from './index.ts';

describe('the checks of the doctor', () => {
  it('have each an id of their own, and find failures of the catalogue', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, finds } of CHECKS) {
      expect(id).toMatch(/^steward\.[a-z]+(?:[-.][a-z]+)*$/);
      expect(finds.length, id).toBeGreaterThan(0);
      expect(finds.every(isFailureId), id).toBe(true);
    }
  });

  it('hold every check that the catalogue sends people to', () => {
    const ids = new Set(CHECKS.map(({ id }) => id));
    const wrong = CATALOGUE.filter(({ check }) => check !== undefined && !ids.has(check));
    expect(wrong.map(({ id, check }) => `${id}: ${check}`)).toEqual([]);
  });
});
