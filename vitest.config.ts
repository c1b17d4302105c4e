import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Vitest would leave one core to itself; and many of the slow tests only wait, for the client's own retries.
    maxWorkers: '150%',
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/property/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/chaos/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/build-once.ts'],
        },
      },
    ],
  },
});
