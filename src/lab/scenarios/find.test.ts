import { describe, expect, test } from 'vitest';
import { createFaultBook } from '../fault-book.ts';
import { findScenario, listScenarios } from './find.ts';

const all = listScenarios();

describe('the list', () => {
  test('begins with the healthy world, and no name stands twice', () => {
    expect(all[0]).toMatchObject({ name: 'ok', failureId: null });
    expect(new Set(all.map((line) => line.name)).size).toBe(all.length);
  });

  test('every name is short and plain, every summary one sentence', () => {
    for (const { name, summary } of all) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(summary).toMatch(/[.!]$/);
      expect(summary).not.toContain('\n');
    }
  });

  test('every fault has the shape that the control endpoint accepts, and carries its scenario’s name', () => {
    for (const { name } of all) {
      const { faults } = findScenario(name);
      expect(() => createFaultBook().add(faults)).not.toThrow();
      expect(faults.every((fault) => fault.name === name)).toBe(true);
    }
  });
});

describe('finding', () => {
  test('a catalogue id means the first scenario that shows it', () => {
    expect(findScenario('remote.mfa_required').name).toBe('mfa-required');
  });

  test('two names joined by + fail both ways', () => {
    const both = findScenario('mfa-required+slow');
    expect(both).toMatchObject({
      name: 'mfa-required+slow',
      failureId: 'remote.mfa_required',
      settings: { requireMfa: true },
      home: { mfa: false },
    });
    expect(both.faults).toEqual(findScenario('slow').faults);
  });

  test('the healthy home of one does not heal the other’s, whatever the order', () => {
    for (const name of ['slow+refresh-reused', 'refresh-reused+slow']) {
      expect(findScenario(name).home.accessToken).toBe('expired');
    }
  });

  test('an unknown name is refused with names that are near', () => {
    expect(() => findScenario('mfa')).toThrowError(
      expect.objectContaining({
        code: 'ERR_LAB_SCENARIO',
        message: 'There is no scenario called "mfa".',
        hint: expect.stringContaining('mfa-required'),
      }),
    );
    expect(() => findScenario('')).toThrowError(expect.objectContaining({ code: 'ERR_LAB_SCENARIO' }));
  });
});
