/** The lab's scenarios and the catalogue of failures name the same things. */
import { expect, test } from 'vitest';
import { isFailureId } from '../../src/knowledge/ids.ts';
import { listScenarios } from '../../src/lab/scenarios/find.ts';

test('every scenario belongs to a failure of the catalogue, or to none', () => {
  const unknown = listScenarios().filter(({ failureId }) => failureId !== null && !isFailureId(failureId));
  expect(unknown).toEqual([]);
});
