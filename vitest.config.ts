import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Two cores: one file at a time for what starts brokers and threads keeps timings honest.
    maxWorkers: 2,
  },
});
